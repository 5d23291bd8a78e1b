import { crypto as webcrypto } from "mayfly:crypto";
import { digest as digestOf, hmac as hmacOf } from "mayfly:native";
import { Buffer } from "node:buffer";

const named = (hash) => `${hash}`.toUpperCase().replace(/^(?:RSA-)?(SHA|MD)-?(\d+)$/, "$1$2");

class Hash {
  #finish;
  #parts = [];

  constructor(finish) {
    this.#finish = finish;
  }
  update(data, encoding = undefined) {
    this.#parts.push(typeof data === "string" ? Buffer.from(data, encoding) : Buffer.from(data));
    return this;
  }
  digest(encoding = undefined) {
    const bytes = Buffer.from(this.#finish(Buffer.concat(this.#parts)));
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }
}

export const createHash = (hash) => new Hash((data) => digestOf(named(hash), data));
export const createHmac = (hash, key) => new Hash((data) => hmacOf(named(hash), typeof key === "string" ? Buffer.from(key) : key, data));
export const randomBytes = (size) => webcrypto.getRandomValues(Buffer.alloc(size));
export const randomUUID = () => webcrypto.randomUUID();
export const getRandomValues = (view) => webcrypto.getRandomValues(view);
export function timingSafeEqual(one, other) {
  if (one.length !== other.length) throw new RangeError("timingSafeEqual: the lengths are different");
  let different = 0;
  for (let i = 0; i < one.length; ++i) different |= one[i] ^ other[i];
  return different === 0;
}
export const { subtle } = webcrypto;
export { webcrypto };
export default { createHash, createHmac, getRandomValues, randomBytes, randomUUID, subtle, timingSafeEqual, webcrypto };
