import { Body } from "mayfly:body";
import { Headers } from "mayfly:headers";
import { URL } from "mayfly:url";

const kReason = /^[\t\x20-\x7e\x80-\xff]*$/;

function bodyless(status) {
  return status === 101 || status === 103 || status === 204 || status === 205 || status === 304;
}

export class Response extends Body {
  #status = 200;
  #headers; // undefined while there are none but the type
  #type; // that the body implies
  #rest; // what few set: { statusText, type, url, redirected }

  constructor(body = null, init = undefined) {
    super();
    if (init !== undefined && init !== null) this.#initialise(init);
    if (body === null || body === undefined) return;
    if (bodyless(this.#status)) throw new TypeError(`Response: a response of status ${this.#status} has no body`);
    this.#type = Body.fill(this, body);
  }

  #initialise(init) {
    const { status, statusText, headers } = init;
    if (status !== undefined) {
      const number = Math.trunc(Number(status));
      if (!(number >= 200 && number <= 599)) throw new RangeError(`Response: status ${status} is not between 200 and 599`);
      this.#status = number;
    }
    if (statusText !== undefined) {
      if (!kReason.test(`${statusText}`)) throw new TypeError("Response: statusText is not valid");
      this.#rest = { statusText: `${statusText}` };
    }
    if (headers !== undefined) this.#headers = new Headers(headers);
  }

  static json(data, init = undefined) {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError("Response.json: the value has no JSON");
    const response = new Response(text, init);
    response.#type = "application/json";
    return response;
  }

  static redirect(url, status = 302) {
    // Relative URLs are left as they are: there is no base.
    const parsed = URL.parse(`${url}`);
    if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`Response.redirect: status ${status} is no redirect`);
    const response = new Response(null, { status });
    response.#headers = new Headers([["location", parsed?.href ?? `${url}`]]);
    return response;
  }

  static error() {
    const response = new Response();
    response.#status = 0;
    response.#rest = { type: "error" };
    return response;
  }

  // What fetch() got.
  static fetched(status, headers, source, url, redirected) {
    const response = new Response();
    response.#status = status;
    response.#headers = headers;
    response.#rest = { type: "basic", url, redirected };
    if (source !== null) Body.lend(response, source);
    return response;
  }

  // What to send: the status, fields or undefined, the type that is not among them, and the content.
  static parts(response) {
    const headers = response.#headers;
    let fields, type = response.#type;
    if (headers !== undefined) {
      fields = Headers.fields(headers);
      if (type !== undefined && fields.includes("content-type") && headers.has("content-type")) type = undefined;
    }
    return [response.#status, fields, type, Body.take(response)];
  }

  static is(value) {
    return #status in value;
  }

  get status() {
    return this.#status;
  }

  get ok() {
    return this.#status >= 200 && this.#status <= 299;
  }

  get statusText() {
    return this.#rest?.statusText ?? "";
  }

  get headers() {
    if (this.#headers === undefined) this.#headers = new Headers();
    if (this.#type !== undefined) {
      if (!this.#headers.has("content-type")) this.#headers.set("content-type", this.#type);
      this.#type = undefined;
    }
    return this.#headers;
  }

  get type() {
    return this.#rest?.type ?? "default";
  }

  get url() {
    return this.#rest?.url ?? "";
  }

  get redirected() {
    return this.#rest?.redirected ?? false;
  }

  clone() {
    const copy = new Response(null, { statusText: this.statusText });
    Body.share(this, copy);
    copy.#status = this.#status;
    copy.#headers = new Headers(this.headers);
    copy.#rest = this.#rest;
    return copy;
  }

  get [Symbol.toStringTag]() {
    return "Response";
  }
}
