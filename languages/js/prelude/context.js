// handler(ctx): the routing context that functions of /api/v1/handler are called with.

import { Headers } from "mayfly:headers";
import { functionName, readAll, readAllText, requestClient, requestFields, requestMethod, requestUrl } from "mayfly:native";
import { Response } from "mayfly:response";
import { URL } from "mayfly:url";
import { chunk } from "mayfly:body";

class RoutingRequest {
  #url;
  #headers;
  #text;

  #parsed() {
    return (this.#url ??= new URL(requestUrl()));
  }

  method() {
    return requestMethod();
  }
  absoluteURI() {
    return requestUrl();
  }
  uri() {
    const url = this.#parsed();
    return url.pathname + url.search;
  }
  path() {
    return this.#parsed().pathname;
  }
  query() {
    return this.#parsed().search.slice(1) || null;
  }
  // The parameter of the path is the name of the function; others are those of the query.
  getParam(name, otherwise = null) {
    return name === "name" ? functionName() : (this.#parsed().searchParams.get(name) ?? otherwise);
  }
  params() {
    return { ...Object.fromEntries(this.#parsed().searchParams), name: functionName() };
  }
  headers() {
    return (this.#headers ??= Headers.from(requestFields()));
  }
  getHeader(name) {
    return this.headers().get(name);
  }
  remoteAddress() {
    return requestClient();
  }
  body() {
    return (this.#text ??= readAllText());
  }
  bytes() {
    return readAll();
  }
}

class RoutingResponse {
  status = 200;
  fields = new Headers();
  parts = [];
  settled = Promise.withResolvers();
  done = false;

  #open() {
    if (this.done) throw new Error("The response has been ended already");
  }
  setStatusCode(status) {
    this.#open();
    this.status = status;
    return this;
  }
  getStatusCode() {
    return this.status;
  }
  setStatusMessage() {
    return this;
  }
  putHeader(name, value) {
    this.#open();
    this.fields.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) this.fields.append(name, one);
    return this;
  }
  headers() {
    return this.fields;
  }
  setChunked() {
    return this;
  }
  write(part) {
    this.#open();
    this.parts.push(part);
    return this;
  }
  end(part = undefined) {
    this.#open();
    if (part !== undefined && part !== null) this.parts.push(part);
    this.done = true;
    this.settled.resolve();
    return this;
  }
  ended() {
    return this.done;
  }

  // The Response that this is; application/json unless the function says otherwise.
  finished() {
    if (!this.fields.has("content-type")) this.fields.set("content-type", "application/json");
    const body = this.parts.every((part) => typeof part === "string") ? this.parts.join("") : join(this.parts);
    const empty = this.status === 204 || this.status === 205 || this.status === 304;
    return new Response(empty ? null : body, { status: this.status, headers: this.fields });
  }
}

function join(parts) {
  const all = parts.map((part) => chunk(typeof part === "object" ? part : `${part}`));
  const whole = new Uint8Array(all.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of all) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

class RoutingContext {
  #request = new RoutingRequest();
  #response = new RoutingResponse();
  #data = {};

  request() {
    return this.#request;
  }
  response() {
    return this.#response;
  }
  json(value) {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError("ctx.json(): the value has no JSON");
    this.#response.putHeader("content-type", "application/json").end(text);
    return this;
  }
  end(part = undefined) {
    this.#response.end(part);
    return this;
  }
  pathParam(name) {
    return name === "name" ? functionName() : null;
  }
  queryParam(name) {
    return new URL(requestUrl()).searchParams.getAll(name);
  }
  getBodyAsString() {
    return this.#request.body();
  }
  body() {
    const request = this.#request;
    return { asString: () => request.body(), asJsonObject: () => JSON.parse(request.body()), toString: () => request.body() };
  }
  get(key) {
    return this.#data[key];
  }
  put(key, value) {
    this.#data[key] = value;
    return this;
  }
  fail(status, error = undefined) {
    if (typeof status !== "number") throw status;
    this.#response.setStatusCode(status).end(error === undefined ? "" : `${error?.message ?? error}`);
  }
}

export async function routed(handler) {
  const context = new RoutingContext(), response = context.response();
  await handler(context);
  if (!response.done) await response.settled.promise;
  return response.finished();
}
