// What Request and Response share: a body that is text, bytes, a Blob, a form or a stream, and is read once.

import { Blob } from "mayfly:blob";
import { decode } from "mayfly:encoding";
import { FormData, parseForm, writeForm } from "mayfly:form_data";
import { encodeUtf8 } from "mayfly:native";
import { ReadableStream } from "mayfly:streams";
import { URLSearchParams } from "mayfly:search_params";

const isView = ArrayBuffer.isView;

export class Body {
  #content = null; // null, a string, a Uint8Array, a Blob, a ReadableStream, or { read, text, part } of what is outside
  #used = false;

  // Sets the content, and returns the type that it implies, or undefined.
  static fill(body, content) {
    if (typeof content === "string") {
      body.#content = content;
      return "text/plain;charset=UTF-8";
    }
    if (content === null || content === undefined) return undefined;
    if (content instanceof ReadableStream) {
      if (content.locked) throw new TypeError("The stream of a body is locked");
      body.#content = content;
      return undefined;
    }
    if (content instanceof ArrayBuffer || content instanceof SharedArrayBuffer) {
      body.#content = new Uint8Array(content.slice(0));
      return undefined;
    }
    if (isView(content)) {
      body.#content = new Uint8Array(content.buffer, content.byteOffset, content.byteLength).slice();
      return undefined;
    }
    if (content instanceof Blob) {
      body.#content = content;
      return content.type || undefined;
    }
    if (content instanceof URLSearchParams) {
      body.#content = content.toString();
      return "application/x-www-form-urlencoded;charset=UTF-8";
    }
    if (content instanceof FormData) {
      const { bytes, type } = writeForm(content);
      body.#content = bytes;
      return type;
    }
    if (typeof content === "object" && typeof content[Symbol.asyncIterator] === "function") {
      body.#content = ReadableStream.from(content);
      return undefined;
    }
    body.#content = `${content}`;
    return "text/plain;charset=UTF-8";
  }

  // The content is outside, and read by the functions of `source` when it is asked for.
  static lend(body, source) {
    body.#content = source;
  }

  static isLent(body) {
    return body.#content?.part !== undefined;
  }

  // Gives the content away: the body counts as used then.
  static take(body) {
    if (Body.isUsed(body)) throw new TypeError("The body has been read already");
    const content = body.#content;
    if (content !== null) body.#used = true;
    return content;
  }

  static isUsed(body) {
    const content = body.#content;
    return body.#used || (content instanceof ReadableStream && (content.locked || disturbed.has(content)));
  }

  // Two that can be read, for clone().
  static share(from, to) {
    if (Body.isUsed(from)) throw new TypeError("The body has been read already");
    let content = from.#content;
    if (content !== null && typeof content === "object" && !(content instanceof Uint8Array) && !(content instanceof Blob)) {
      if (!(content instanceof ReadableStream)) content = from.#content = content.read();
      else {
        const [one, other] = content.tee();
        from.#content = one;
        content = other;
      }
    }
    to.#content = content;
  }

  get body() {
    const content = this.#content;
    if (content === null || content instanceof ReadableStream) return content;
    const used = this.#used;
    return (this.#content = used ? endedStream() : streamOf(content));
  }

  get bodyUsed() {
    return Body.isUsed(this);
  }

  async text() {
    const content = Body.take(this);
    if (content === null) return "";
    if (typeof content === "string") return content;
    return content.text && !(content instanceof Blob) ? content.text() : decode(await bytesOf(content));
  }

  async json() {
    return JSON.parse(await this.text());
  }

  async bytes() {
    const bytes = await bytesOf(Body.take(this));
    return bytes;
  }

  async arrayBuffer() {
    const bytes = await bytesOf(Body.take(this));
    return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  }

  async blob() {
    return new Blob([await bytesOf(Body.take(this))], { type: this.headers.get("content-type") ?? "" });
  }

  async formData() {
    return parseForm(await bytesOf(Body.take(this)), this.headers.get("content-type") ?? "");
  }
}

const disturbed = new WeakSet();

export async function bytesOf(content) {
  if (content === null) return new Uint8Array(0);
  if (typeof content === "string") return encodeUtf8(content);
  if (content instanceof Uint8Array) return content;
  if (content instanceof Blob) return content.bytes();
  if (!(content instanceof ReadableStream)) return content.read();
  disturbed.add(content);
  const parts = [];
  let size = 0;
  for await (const part of content) {
    const bytes = chunk(part);
    parts.push(bytes);
    size += bytes.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// A part of a streamed body: bytes, or text, which other servers refuse.
export function chunk(part) {
  if (part instanceof Uint8Array) return part;
  if (typeof part === "string") return encodeUtf8(part);
  if (part instanceof ArrayBuffer) return new Uint8Array(part);
  if (isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  throw new TypeError("The stream of a body has bytes or text in it");
}

function endedStream() {
  const stream = new ReadableStream({ start: (controller) => controller.close() });
  stream.cancel();
  disturbed.add(stream);
  return stream;
}

function streamOf(content) {
  if (content instanceof Blob) return content.stream();
  if (typeof content !== "string" && !(content instanceof Uint8Array))
    return new ReadableStream({
      pull(controller) {
        const part = content.part();
        if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
      cancel() {
        content.drop?.();
      },
    }, { highWaterMark: 0 });
  return new ReadableStream({
    start(controller) {
      const bytes = typeof content === "string" ? encodeUtf8(content) : content;
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
