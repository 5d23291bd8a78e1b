import { Blob, File } from "mayfly:blob";
import { decodeLatin1, decodeUtf16, decodeUtf8, encodeUtf8 } from "mayfly:native";

const kEncodings = new Set(["utf8", "utf-8", "hex", "base64", "base64url", "latin1", "binary", "ascii", "utf16le", "ucs2", "utf-16le", "ucs-2"]);

function encodingOf(name) {
  const encoding = `${name ?? "utf8"}`.toLowerCase();
  if (!kEncodings.has(encoding)) throw new TypeError(`Unknown encoding: ${name}`);
  return encoding;
}

function fromText(text, name) {
  switch (encodingOf(name)) {
    case "hex": {
      const pairs = /^(?:[0-9a-fA-F]{2})*/.exec(text)[0];
      return Uint8Array.fromHex(pairs);
    }
    case "base64":
    case "base64url":
      return Uint8Array.fromBase64(text.replaceAll("-", "+").replaceAll("_", "/").replace(/[^A-Za-z0-9+/]/g, ""));
    case "latin1":
    case "binary":
    case "ascii":
      return Uint8Array.from(text, (character) => character.charCodeAt(0));
    case "utf16le":
    case "ucs2":
    case "utf-16le":
    case "ucs-2": {
      const units = new Uint16Array(text.length);
      for (let i = 0; i < text.length; ++i) units[i] = text.charCodeAt(i);
      return new Uint8Array(units.buffer);
    }
    default:
      return encodeUtf8(text.toWellFormed());
  }
}

const asBuffer = (bytes) => Object.setPrototypeOf(bytes, Buffer.prototype);

export class Buffer extends Uint8Array {
  static poolSize = 8192;

  static from(value, encoding = undefined, length = undefined) {
    if (typeof value === "string") return asBuffer(fromText(value, encoding));
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return asBuffer(new Uint8Array(value, encoding, length));
    if (ArrayBuffer.isView(value) || Array.isArray(value)) return asBuffer(Uint8Array.from(value));
    if (value?.type === "Buffer" && Array.isArray(value.data)) return asBuffer(Uint8Array.from(value.data));
    throw new TypeError("Buffer.from: not text, bytes, an array or an ArrayBuffer");
  }
  static alloc(size, fill = 0, encoding = undefined) {
    const buffer = asBuffer(new Uint8Array(size));
    return fill === 0 ? buffer : buffer.fill(fill, 0, size, encoding);
  }
  static allocUnsafe(size) {
    return Buffer.alloc(size);
  }
  static allocUnsafeSlow(size) {
    return Buffer.alloc(size);
  }
  static isBuffer(value) {
    return value instanceof Buffer;
  }
  static isEncoding(name) {
    return kEncodings.has(`${name}`.toLowerCase());
  }
  static byteLength(value, encoding = undefined) {
    return typeof value === "string" ? fromText(value, encoding).length : value.byteLength;
  }
  static concat(list, size = undefined) {
    const whole = Buffer.alloc(size ?? list.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const one of list) {
      whole.set(at + one.length > whole.length ? one.subarray(0, whole.length - at) : one, at);
      at += one.length;
      if (at >= whole.length) break;
    }
    return whole;
  }
  static compare(one, other) {
    const shorter = Math.min(one.length, other.length);
    for (let i = 0; i < shorter; ++i) if (one[i] !== other[i]) return one[i] < other[i] ? -1 : 1;
    return Math.sign(one.length - other.length);
  }

  toString(name = undefined, start = 0, end = this.length) {
    const bytes = new Uint8Array(this.buffer, this.byteOffset, this.length).subarray(start, end);
    switch (encodingOf(name)) {
      case "hex":
        return bytes.toHex();
      case "base64":
        return bytes.toBase64();
      case "base64url":
        return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
      case "latin1":
      case "binary":
        return decodeLatin1(bytes);
      case "ascii":
        return decodeLatin1(bytes.map((byte) => byte & 0x7f));
      case "utf16le":
      case "ucs2":
      case "utf-16le":
      case "ucs-2":
        return decodeUtf16(bytes);
      default:
        return decodeUtf8(bytes);
    }
  }
  toJSON() {
    return { type: "Buffer", data: [...this] };
  }
  equals(other) {
    return Buffer.compare(this, other) === 0;
  }
  compare(other) {
    return Buffer.compare(this, other);
  }
  write(text, offset = 0, length = undefined, encoding = undefined) {
    if (typeof offset === "string") [offset, encoding] = [0, offset];
    if (typeof length === "string") [length, encoding] = [undefined, length];
    const bytes = fromText(text, encoding).subarray(0, Math.min(length ?? Infinity, this.length - offset));
    this.set(bytes, offset);
    return bytes.length;
  }
  fill(value, start = 0, end = this.length, encoding = undefined) {
    if (typeof value === "number") return super.fill(value, start, end);
    const bytes = typeof value === "string" ? fromText(value, encoding) : value;
    for (let i = start; i < end && bytes.length > 0; ++i) this[i] = bytes[(i - start) % bytes.length];
    return this;
  }
  copy(target, at = 0, start = 0, end = this.length) {
    const part = this.subarray(start, Math.min(end, start + target.length - at));
    target.set(part, at);
    return part.length;
  }
  slice(start, end) {
    return this.subarray(start, end);
  }
  subarray(start, end) {
    const part = new Uint8Array(this.buffer, this.byteOffset, this.length).subarray(start, end);
    return asBuffer(part);
  }
  indexOf(value, from = 0, encoding = undefined) {
    if (typeof value === "number") return super.indexOf(value, from);
    const wanted = decodeLatin1(typeof value === "string" ? fromText(value, encoding) : value);
    return decodeLatin1(this).indexOf(wanted, from);
  }
  includes(value, from = 0, encoding = undefined) {
    return this.indexOf(value, from, encoding) >= 0;
  }
}

const view = (buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
const kNumbers = [["UInt8", "Uint8", 1], ["Int8", "Int8", 1], ["UInt16", "Uint16", 2], ["Int16", "Int16", 2], ["UInt32", "Uint32", 4], ["Int32", "Int32", 4], ["Float", "Float32", 4], ["Double", "Float64", 8], ["BigUInt64", "BigUint64", 8], ["BigInt64", "BigInt64", 8]];
for (const [name, method, size] of kNumbers)
  for (const [suffix, little] of size === 1 ? [["", true]] : [["LE", true], ["BE", false]]) {
    const read = function (offset = 0) {
      return view(this)[`get${method}`](offset, little);
    };
    const write = function (value, offset = 0) {
      view(this)[`set${method}`](offset, value, little);
      return offset + size;
    };
    const plain = name.replace("UInt", "Uint");
    for (const alias of new Set([name, plain])) {
      Object.defineProperty(Buffer.prototype, `read${alias}${suffix}`, { value: read, writable: true, configurable: true });
      Object.defineProperty(Buffer.prototype, `write${alias}${suffix}`, { value: write, writable: true, configurable: true });
    }
  }

const { atob, btoa } = globalThis;
export { Blob, File, atob, btoa };
export default { Buffer, Blob, File, atob, btoa };
