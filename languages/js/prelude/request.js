import { AbortSignal, dependentSignal } from "mayfly:abort";
import { Body } from "mayfly:body";
import { Headers } from "mayfly:headers";
import { readAll, readAllText, readSome, requestFields, requestMethod, requestUrl } from "mayfly:native";
import { URL } from "mayfly:url";

const kIncoming = Symbol("incoming");
const kNormalised = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);
const kPart = 64 << 10; // bytes of the body that are read at once

const standardInput = { read: readAll, text: readAllText, part: () => readSome(kPart) };

function methodOf(value) {
  const method = `${value}`;
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw new TypeError(`Method is not valid: ${method}`);
  const upper = method.toUpperCase();
  if (upper === "CONNECT" || upper === "TRACE" || upper === "TRACK") throw new TypeError(`Method is not allowed: ${method}`);
  return kNormalised.has(upper) ? upper : method;
}

export class Request extends Body {
  #method; // undefined of the request that is answered, until it is asked for
  #url;
  #headers;
  #rest; // what few ask for

  constructor(input, init = undefined) {
    super();
    if (input === kIncoming) {
      Body.lend(this, standardInput);
      return;
    }
    const from = input instanceof Request ? input : undefined;
    if (from === undefined) {
      const url = URL.parse(`${input}`);
      if (url === null) throw new TypeError(`Request: not a URL: ${input}`);
      if (url.username || url.password) throw new TypeError("Request: a URL with credentials is not allowed");
      this.#url = url.href;
    } else this.#url = from.url;
    init ??= {};
    this.#method = init.method !== undefined ? methodOf(init.method) : (from?.method ?? "GET");
    this.#headers = new Headers(init.headers ?? from?.headers);
    const signal = init.signal !== undefined ? init.signal : from?.signal;
    if (signal && !(signal instanceof AbortSignal)) throw new TypeError("Request: signal is not an AbortSignal");
    const rest = (this.#rest = { signal: dependentSignal(signal ? [signal] : []) });
    for (const name of ["mode", "credentials", "cache", "redirect", "referrer", "referrerPolicy", "integrity", "keepalive", "duplex"])
      rest[name] = init[name] ?? from?.[name];
    const bodyless = this.#method === "GET" || this.#method === "HEAD";
    if (init.body !== undefined && init.body !== null) {
      if (bodyless) throw new TypeError(`Request: ${this.#method} has no body`);
      const type = Body.fill(this, init.body);
      if (type !== undefined && !this.#headers.has("content-type")) this.#headers.set("content-type", type);
    } else if (from !== undefined && !bodyless && from.body !== null) Body.fill(this, from.body);
  }

  static incoming() {
    return new Request(kIncoming);
  }

  get method() {
    return (this.#method ??= requestMethod());
  }

  get url() {
    return (this.#url ??= requestUrl());
  }

  get headers() {
    return (this.#headers ??= Headers.from(requestFields()));
  }

  get body() {
    return Body.isLent(this) && !this.#hasBody() ? null : super.body;
  }

  #hasBody() {
    const length = this.headers.get("content-length");
    if (length !== null) return length !== "0";
    return this.headers.has("transfer-encoding") || !(this.method === "GET" || this.method === "HEAD");
  }

  get signal() {
    return (this.#rest ??= {}).signal ??= dependentSignal([]);
  }

  get redirect() {
    return this.#rest?.redirect ?? "follow";
  }
  get mode() {
    return this.#rest?.mode ?? "cors";
  }
  get credentials() {
    return this.#rest?.credentials ?? "same-origin";
  }
  get cache() {
    return this.#rest?.cache ?? "default";
  }
  get referrer() {
    return this.#rest?.referrer ?? "about:client";
  }
  get referrerPolicy() {
    return this.#rest?.referrerPolicy ?? "";
  }
  get integrity() {
    return this.#rest?.integrity ?? "";
  }
  get keepalive() {
    return this.#rest?.keepalive ?? false;
  }
  get duplex() {
    return "half";
  }
  get destination() {
    return "";
  }

  clone() {
    const copy = new Request(this.url, { method: this.method, headers: this.headers, signal: this.signal, redirect: this.redirect });
    Body.share(this, copy);
    return copy;
  }

  get [Symbol.toStringTag]() {
    return "Request";
  }
}
