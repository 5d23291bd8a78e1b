import { changeUrl, parseUrl } from "mayfly:native";
import { URLSearchParams } from "mayfly:search_params";

export class URL {
  #parts;
  #params;

  constructor(url, base = undefined) {
    const text = `${url}`;
    this.#parts = parseUrl(text, base === undefined ? undefined : `${base}`);
    if (this.#parts === undefined) {
      const error = new TypeError(`Invalid URL: ${text}`);
      error.code = "ERR_INVALID_URL";
      throw error;
    }
  }

  static parse(url, base = undefined) {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  }

  static canParse(url, base = undefined) {
    return parseUrl(`${url}`, base === undefined ? undefined : `${base}`) !== undefined;
  }

  #change(part, value) {
    const parts = changeUrl(this.#parts.href, part, `${value}`);
    if (parts !== undefined) this.#parts = parts;
    else if (part === "href") throw new TypeError(`Invalid URL: ${value}`);
    if (this.#params !== undefined && (part === "href" || part === "search")) URLSearchParams.reset(this.#params, this.#parts.search);
  }

  get searchParams() {
    return (this.#params ??= URLSearchParams.of(this.#parts.search, (text) => {
      this.#parts = changeUrl(this.#parts.href, "search", text);
    }));
  }

  get origin() {
    return this.#parts.origin;
  }

  toString() {
    return this.#parts.href;
  }

  toJSON() {
    return this.#parts.href;
  }

  get [Symbol.toStringTag]() {
    return "URL";
  }

  static {
    for (const part of ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"])
      Object.defineProperty(URL.prototype, part, {
        configurable: true,
        enumerable: true,
        get() {
          return this.#parts[part];
        },
        set(value) {
          this.#change(part, value);
        },
      });
  }
}
