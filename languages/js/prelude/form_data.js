import { Blob, File } from "mayfly:blob";
import { decode } from "mayfly:encoding";
import { decodeLatin1, decodeUtf8, encodeUtf8, fillRandom } from "mayfly:native";
import { parsePairs } from "mayfly:search_params";

const text = (value) => `${value}`.toWellFormed();

function entry(name, value, filename) {
  if (!(value instanceof Blob)) return [text(name), text(value)];
  if (value instanceof File && filename === undefined) return [text(name), value];
  return [text(name), new File([value], filename ?? "blob", { type: value.type })];
}

export class FormData {
  #entries = [];

  constructor(form = undefined) {
    if (form !== undefined) throw new TypeError("FormData: there are no forms here");
  }

  append(name, value, filename = undefined) {
    this.#entries.push(entry(name, value, filename));
  }

  set(name, value, filename = undefined) {
    const made = entry(name, value, filename), at = this.#entries.findIndex(([other]) => other === made[0]);
    if (at < 0) this.#entries.push(made);
    else this.#entries = this.#entries.filter(([other], i) => i <= at || other !== made[0]).with(at, made);
  }

  delete(name) {
    const wanted = text(name);
    this.#entries = this.#entries.filter(([other]) => other !== wanted);
  }

  get(name) {
    const wanted = text(name);
    return this.#entries.find(([other]) => other === wanted)?.[1] ?? null;
  }

  getAll(name) {
    const wanted = text(name);
    return this.#entries.filter(([other]) => other === wanted).map(([, value]) => value);
  }

  has(name) {
    const wanted = text(name);
    return this.#entries.some(([other]) => other === wanted);
  }

  forEach(callback, self = undefined) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    for (const [name, value] of this.#entries) yield [name, value];
  }

  *keys() {
    for (const [name] of this.#entries) yield name;
  }

  *values() {
    for (const [, value] of this.#entries) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  get [Symbol.toStringTag]() {
    return "FormData";
  }
}

const quote = (name) => name.replace(/\r\n|\r|\n/g, "%0D%0A").replaceAll('"', "%22");

export function writeForm(form) {
  const chance = new Uint8Array(12);
  fillRandom(chance);
  const boundary = `----form${chance.toHex()}`;
  const parts = [];
  for (const [name, value] of form) {
    let head = `--${boundary}\r\nContent-Disposition: form-data; name="${quote(name)}"`;
    if (typeof value === "string") parts.push(`${head}\r\n\r\n${value.replace(/\r\n|\r|\n/g, "\r\n")}\r\n`);
    else {
      head += `; filename="${quote(value.name)}"\r\nContent-Type: ${value.type || "application/octet-stream"}`;
      parts.push(`${head}\r\n\r\n`, value, "\r\n");
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return { bytes: Blob.bytes(new Blob(parts)), type: `multipart/form-data; boundary=${boundary}` };
}

export function parseForm(bytes, type) {
  const essence = type.split(";", 1)[0].trim().toLowerCase();
  if (essence === "application/x-www-form-urlencoded") {
    const form = new FormData();
    for (const [name, value] of parsePairs(decode(bytes))) form.append(name, value);
    return form;
  }
  const boundary = /;\s*boundary=(?:"((?:[^"\\]|\\.)+)"|([^;\s]+))/i.exec(type);
  if (essence !== "multipart/form-data" || boundary === null)
    throw new TypeError(`The body is no form: Content-Type is ${JSON.stringify(type)}`);
  return parseMultipart(bytes, (boundary[1] ?? boundary[2]).replace(/\\(.)/g, "$1"));
}

function parseMultipart(bytes, boundary) {
  // Searching text is quick; each byte is one character of it.
  const all = decodeLatin1(bytes), delimiter = `--${decodeLatin1(encodeUtf8(boundary))}`;
  const form = new FormData();
  const fail = (why) => {
    throw new TypeError(`The body is no multipart/form-data: ${why}`);
  };
  let at = all.startsWith(delimiter) ? 0 : all.indexOf(`\r\n${delimiter}`) + 2;
  if (at === 1) fail("its boundary is not there");
  for (;;) {
    at += delimiter.length;
    if (all.startsWith("--", at)) return form;
    if (!all.startsWith("\r\n", at)) fail("a boundary has no line of its own");
    const headEnd = all.indexOf("\r\n\r\n", at);
    const end = headEnd < 0 ? -1 : all.indexOf(`\r\n${delimiter}`, headEnd + 2);
    if (end < 0) fail("a part does not end");
    const head = decodeUtf8(bytes.subarray(at + 2, headEnd));
    const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head);
    const name = disposition && /(?:^|[;\s])name="([^"]*)"/i.exec(disposition[1]);
    if (!name) fail("a part has no name");
    const filename = /(?:^|[;\s])filename="([^"]*)"/i.exec(disposition[1]);
    const content = bytes.subarray(Math.min(headEnd + 4, end), end);
    const plain = (value) => value.replaceAll("%22", '"').replace(/%0D%0A/gi, "\r\n");
    if (filename === null) form.append(plain(name[1]), decode(content));
    else {
      const type = /^content-type:\s*(.+?)\s*$/im.exec(head)?.[1] ?? "text/plain";
      form.append(plain(name[1]), new File([content], plain(filename[1]), { type }));
    }
    at = end + 2;
  }
}
