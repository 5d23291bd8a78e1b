import { decodeUtf8, encodeUtf8 } from "mayfly:native";

// application/x-www-form-urlencoded, as the URL standard has it.

const kKept = /^[*\-._0-9A-Za-z]*$/;
const kHex = "0123456789ABCDEF";

function escape(text) {
  if (kKept.test(text)) return text;
  let escaped = "";
  for (const byte of encodeUtf8(text)) {
    const character = String.fromCharCode(byte);
    if (byte === 0x20) escaped += "+";
    else if (byte < 0x80 && kKept.test(character)) escaped += character;
    else escaped += `%${kHex[byte >> 4]}${kHex[byte & 15]}`;
  }
  return escaped;
}

function unescape(text) {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced.toWellFormed();
  const bytes = encodeUtf8(spaced), decoded = new Uint8Array(bytes.length);
  let size = 0;
  for (let i = 0; i < bytes.length; ++i) {
    if (bytes[i] === 0x25 && i + 2 < bytes.length) {
      const pair = String.fromCharCode(bytes[i + 1], bytes[i + 2]);
      if (/^[0-9A-Fa-f]{2}$/.test(pair)) {
        decoded[size++] = parseInt(pair, 16);
        i += 2;
        continue;
      }
    }
    decoded[size++] = bytes[i];
  }
  return decodeUtf8(decoded.subarray(0, size));
}

export function parsePairs(text) {
  const pairs = [];
  for (const part of text.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals < 0) pairs.push([unescape(part), ""]);
    else pairs.push([unescape(part.slice(0, equals)), unescape(part.slice(equals + 1))]);
  }
  return pairs;
}

const text = (value) => `${value}`.toWellFormed();

export class URLSearchParams {
  #pairs = [];
  #changed; // of the URL that these are of

  constructor(init = "") {
    if (init !== null && typeof init === "object") {
      if (typeof init[Symbol.iterator] === "function") {
        for (const pair of init) {
          const both = [...pair];
          if (both.length !== 2) throw new TypeError("URLSearchParams: each pair has a name and a value");
          this.#pairs.push([text(both[0]), text(both[1])]);
        }
      } else for (const name of Object.keys(init)) this.#pairs.push([text(name), text(init[name])]);
    } else {
      const query = `${init}`;
      this.#pairs = parsePairs(query.startsWith("?") ? query.slice(1) : query);
    }
  }

  static of(search, changed) {
    const params = new URLSearchParams(search);
    params.#changed = changed;
    return params;
  }

  static reset(params, search) {
    params.#pairs = parsePairs(search.slice(1));
  }

  #update() {
    this.#changed?.(this.toString());
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    this.#pairs.push([text(name), text(value)]);
    this.#update();
  }

  delete(name, value = undefined) {
    const wanted = text(name), of = value === undefined ? undefined : text(value);
    this.#pairs = this.#pairs.filter((pair) => pair[0] !== wanted || (of !== undefined && pair[1] !== of));
    this.#update();
  }

  get(name) {
    const wanted = text(name);
    for (const pair of this.#pairs) if (pair[0] === wanted) return pair[1];
    return null;
  }

  getAll(name) {
    const wanted = text(name);
    return this.#pairs.filter((pair) => pair[0] === wanted).map((pair) => pair[1]);
  }

  has(name, value = undefined) {
    const wanted = text(name), of = value === undefined ? undefined : text(value);
    return this.#pairs.some((pair) => pair[0] === wanted && (of === undefined || pair[1] === of));
  }

  set(name, value) {
    const wanted = text(name), first = this.#pairs.find((pair) => pair[0] === wanted);
    if (first === undefined) this.#pairs.push([wanted, text(value)]);
    else {
      first[1] = text(value);
      this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== wanted);
    }
    this.#update();
  }

  sort() {
    this.#pairs.sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0));
    this.#update();
  }

  forEach(callback, self = undefined) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    for (let i = 0; i < this.#pairs.length; ++i) yield [...this.#pairs[i]];
  }

  *keys() {
    for (const [name] of this.entries()) yield name;
  }

  *values() {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return this.#pairs.map(([name, value]) => `${escape(name)}=${escape(value)}`).join("&");
  }

  get [Symbol.toStringTag]() {
    return "URLSearchParams";
  }
}
