// Requests through the server's gate. Each waits until the header of the response is there.

import { Body, bytesOf } from "mayfly:body";
import { Headers } from "mayfly:headers";
import { httpClose, httpRead, httpRequest } from "mayfly:native";
import { Request } from "mayfly:request";
import { Response } from "mayfly:response";

const kBodyless = new Set([101, 103, 204, 205, 304]);

class Answer {
  #handle;

  constructor(handle) {
    this.#handle = handle;
  }

  part() {
    if (this.#handle === undefined) return undefined;
    const part = httpRead(this.#handle);
    if (part === undefined) this.#handle = undefined;
    return part;
  }

  read() {
    const parts = [];
    let size = 0;
    for (let part; (part = this.part()) !== undefined; size += part.length) parts.push(part);
    if (parts.length === 1) return parts[0];
    const whole = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  drop() {
    if (this.#handle !== undefined) httpClose(this.#handle);
    this.#handle = undefined;
  }
}

function headersOf(lines) {
  const headers = new Headers();
  for (const line of lines.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1));
  }
  return headers;
}

export async function fetch(input, init = undefined) {
  const request = new Request(input, init);
  request.signal.throwIfAborted();
  const body = await bytesOf(Body.take(request));
  const url = request.url.replace(/#.*$/s, "");
  if (!/^https?:/.test(url)) throw new TypeError(`fetch failed: the scheme of ${url} is neither http nor https`);
  const lines = Headers.fields(request.headers).reduce((text, part, i) => text + part + (i % 2 === 0 ? ":" : "\n"), "");
  const [status, handle, received] = httpRequest(url, request.method, lines, body);
  let source = new Answer(handle);
  if (kBodyless.has(status) || request.method === "HEAD") {
    source.drop();
    source = null;
  }
  return Response.fetched(status, headersOf(received), source, url, false);
}
