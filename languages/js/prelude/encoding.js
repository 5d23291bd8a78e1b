import { decodeLatin1, decodeUtf16, decodeUtf8, encodeUtf8, validUtf8 } from "mayfly:native";

const kLabels = {
  "utf-8": "utf-8", utf8: "utf-8", "unicode-1-1-utf-8": "utf-8",
  "utf-16le": "utf-16le", "utf-16": "utf-16le", "ucs-2": "utf-16le", unicode: "utf-16le",
  latin1: "windows-1252", "iso-8859-1": "windows-1252", iso88591: "windows-1252", ascii: "windows-1252",
  "us-ascii": "windows-1252", "windows-1252": "windows-1252", cp1252: "windows-1252", l1: "windows-1252",
};
// What windows-1252 has in the place of the controls 0x80 to 0x9f.
const kWindows = "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

// Text of a body: UTF-8 without its byte order mark.
export function decode(bytes) {
  return decodeUtf8(bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes);
}

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return encodeUtf8(`${text}`.toWellFormed());
  }

  encodeInto(source, destination) {
    let read = 0, written = 0;
    for (const character of `${source}`) {
      const bytes = encodeUtf8(character.toWellFormed());
      if (written + bytes.length > destination.length) break;
      destination.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }

  get [Symbol.toStringTag]() {
    return "TextEncoder";
  }
}

export class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBom;
  #held = new Uint8Array(0); // of a character that is cut off
  #begun = false;

  constructor(label = "utf-8", options = {}) {
    this.#encoding = kLabels[`${label}`.trim().toLowerCase()];
    if (this.#encoding === undefined) throw new RangeError(`TextDecoder: there is no encoding ${label}`);
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBom = Boolean(options?.ignoreBOM);
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBom;
  }

  decode(input = undefined, options = {}) {
    const stream = Boolean(options?.stream);
    let bytes;
    if (input === undefined) bytes = new Uint8Array(0);
    else if (ArrayBuffer.isView(input)) bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    else bytes = new Uint8Array(input);
    if (this.#held.length > 0) {
      const joined = new Uint8Array(this.#held.length + bytes.length);
      joined.set(this.#held);
      joined.set(bytes, this.#held.length);
      bytes = joined;
    }
    let held = 0;
    if (this.#encoding === "utf-8") {
      held = validUtf8(bytes);
      if (this.#fatal && (held < 0 || (held > 0 && !stream))) {
        this.#held = new Uint8Array(0);
        throw new TypeError("TextDecoder: the bytes are not UTF-8");
      }
      if (held < 0) held = stream ? cutOff(bytes) : 0;
    } else if (this.#encoding === "utf-16le") held = bytes.length % 2;
    if (!stream) held = this.#encoding === "utf-16le" ? held : 0;
    const whole = held > 0 ? bytes.subarray(0, bytes.length - held) : bytes;
    this.#held = stream && held > 0 ? bytes.slice(bytes.length - held) : new Uint8Array(0);
    let text = this.#convert(whole);
    if (!stream && held > 0) text += "\ufffd";
    if (!this.#begun && !this.#ignoreBom && text.startsWith("\ufeff") && this.#encoding !== "windows-1252") text = text.slice(1);
    this.#begun = stream && (this.#begun || whole.length > 0);
    return text;
  }

  #convert(bytes) {
    if (this.#encoding === "utf-8") return decodeUtf8(bytes);
    if (this.#encoding === "utf-16le") return decodeUtf16(bytes).toWellFormed();
    return decodeLatin1(bytes).replace(/[\x80-\x9f]/g, (character) => kWindows[character.charCodeAt(0) - 0x80]);
  }

  get [Symbol.toStringTag]() {
    return "TextDecoder";
  }
}

// How many bytes at the end begin a character, in bytes that are not all UTF-8.
function cutOff(bytes) {
  for (let back = 1; back <= 3 && back <= bytes.length; ++back) {
    const tail = validUtf8(bytes.subarray(bytes.length - back));
    if (tail === back) return back;
  }
  return 0;
}
