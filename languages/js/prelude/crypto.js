import { digest as digestOf, fillRandom, hmac } from "mayfly:native";

const kHashes = { "SHA-1": ["SHA1", 64], "SHA-256": ["SHA256", 64], "SHA-384": ["SHA384", 128], "SHA-512": ["SHA512", 128] };
const kUsages = ["sign", "verify"];

function fail(name, message) {
  throw new DOMException(message, name);
}

function hashOf(algorithm) {
  const name = (typeof algorithm === "string" ? algorithm : `${algorithm?.name}`).toUpperCase();
  if (!(name in kHashes)) fail("NotSupportedError", `crypto.subtle: there is no hash ${name}`);
  return name;
}

function bytes(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError("crypto.subtle: the data is neither an ArrayBuffer nor a view of one");
}

export class CryptoKey {
  #secret;

  constructor(secret, algorithm, extractable, usages) {
    this.#secret = secret;
    Object.assign(this, { type: "secret", algorithm, extractable, usages });
  }

  static secret(key) {
    return key.#secret;
  }
}

function onlyHmac(algorithm) {
  const name = (typeof algorithm === "string" ? algorithm : `${algorithm?.name}`).toUpperCase();
  if (name !== "HMAC") fail("NotSupportedError", `crypto.subtle: there is no ${name} here, only HMAC and digests`);
}

function hmacKey(secret, algorithm, extractable, usages) {
  if (usages.length === 0 || !usages.every((usage) => kUsages.includes(usage))) fail("SyntaxError", "crypto.subtle: a key of HMAC is for sign and verify");
  return new CryptoKey(secret, { name: "HMAC", hash: { name: hashOf(algorithm.hash) }, length: secret.length * 8 }, Boolean(extractable), [...usages]);
}

function mac(key, data, usage) {
  if (!(key instanceof CryptoKey)) throw new TypeError("crypto.subtle: that is no CryptoKey");
  if (!key.usages.includes(usage)) fail("InvalidAccessError", `crypto.subtle: the key is not for ${usage}`);
  return hmac(kHashes[key.algorithm.hash.name][0], CryptoKey.secret(key), bytes(data));
}

class SubtleCrypto {
  async digest(algorithm, data) {
    return digestOf(kHashes[hashOf(algorithm)][0], bytes(data)).buffer;
  }

  async importKey(format, data, algorithm, extractable, usages) {
    onlyHmac(algorithm);
    let secret;
    if (format === "raw") secret = bytes(data).slice();
    else if (format === "jwk" && data?.kty === "oct") secret = Uint8Array.fromBase64(data.k, { alphabet: "base64url" });
    else fail("NotSupportedError", `crypto.subtle: a key of HMAC is imported as raw or jwk, not as ${format}`);
    if (secret.length === 0) fail("DataError", "crypto.subtle: the key is empty");
    return hmacKey(secret, algorithm, extractable, usages);
  }

  async exportKey(format, key) {
    if (!key.extractable) fail("InvalidAccessError", "crypto.subtle: the key is not extractable");
    const secret = CryptoKey.secret(key);
    if (format === "raw") return secret.slice().buffer;
    if (format !== "jwk") fail("NotSupportedError", `crypto.subtle: a key of HMAC is exported as raw or jwk, not as ${format}`);
    return { kty: "oct", k: secret.toBase64({ alphabet: "base64url", omitPadding: true }), alg: `HS${key.algorithm.hash.name.slice(4)}`, ext: true, key_ops: key.usages };
  }

  async generateKey(algorithm, extractable, usages) {
    onlyHmac(algorithm);
    const length = algorithm.length ?? kHashes[hashOf(algorithm.hash)][1] * 8;
    return hmacKey(getRandomValues(new Uint8Array(length / 8)), algorithm, extractable, usages);
  }

  async sign(algorithm, key, data) {
    onlyHmac(algorithm);
    return mac(key, data, "sign").buffer;
  }

  async verify(algorithm, key, signature, data) {
    onlyHmac(algorithm);
    const wanted = mac(key, data, "verify"), given = bytes(signature);
    let different = wanted.length ^ given.length;
    for (let i = 0; i < wanted.length; ++i) different |= wanted[i] ^ given[i];
    return different === 0;
  }
}

function getRandomValues(view) {
  if (!ArrayBuffer.isView(view) || view instanceof DataView || view instanceof Float32Array || view instanceof Float64Array)
    fail("TypeMismatchError", "getRandomValues: the values are integers of a typed array");
  if (view.byteLength > 65536) fail("QuotaExceededError", "getRandomValues: at most 65536 bytes at once");
  fillRandom(view);
  return view;
}

function randomUUID() {
  const chance = getRandomValues(new Uint8Array(16));
  chance[6] = (chance[6] & 0x0f) | 0x40;
  chance[8] = (chance[8] & 0x3f) | 0x80;
  const hex = chance.toHex();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const crypto = { getRandomValues, randomUUID, subtle: new SubtleCrypto() };
