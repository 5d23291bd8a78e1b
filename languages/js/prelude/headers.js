const kToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const kSpace = /^[\t\n\r ]+|[\t\n\r ]+$/g;

function nameOf(value) {
  const name = `${value}`;
  if (!kToken.test(name)) throw new TypeError(`Header name is not valid: ${JSON.stringify(name)}`);
  return name.toLowerCase();
}

function valueOf(value) {
  const text = `${value}`.replace(kSpace, "");
  for (let i = 0; i < text.length; ++i) {
    const code = text.charCodeAt(i);
    if (code === 0 || code === 10 || code === 13 || code > 255)
      throw new TypeError(`Header value is not valid: ${JSON.stringify(text)}`);
  }
  return text;
}

export class Headers {
  #fields = []; // names in lower case and values, in turn

  constructor(init = undefined) {
    if (init === undefined) return;
    if (init === null || typeof init !== "object") throw new TypeError("Headers: init is not an object");
    if (init instanceof Headers) this.#fields = init.#fields.slice();
    else if (typeof init[Symbol.iterator] === "function") {
      for (const pair of init) {
        const [...both] = pair;
        if (both.length !== 2) throw new TypeError("Headers: each pair has a name and a value");
        this.append(both[0], both[1]);
      }
    } else for (const name of Reflect.ownKeys(init)) if (Object.prototype.propertyIsEnumerable.call(init, name)) this.append(name, init[name]);
  }

  // Of names and values that are known to be right.
  static from(fields) {
    const headers = new Headers();
    for (let i = 0; i < fields.length; i += 2) fields[i] = fields[i].toLowerCase();
    headers.#fields = fields;
    return headers;
  }

  static fields(headers) {
    return headers.#fields;
  }

  append(name, value) {
    this.#fields.push(nameOf(name), valueOf(value));
  }

  delete(name) {
    const wanted = nameOf(name), fields = this.#fields;
    for (let i = fields.length - 2; i >= 0; i -= 2) if (fields[i] === wanted) fields.splice(i, 2);
  }

  get(name) {
    const wanted = nameOf(name), fields = this.#fields;
    let found = null;
    for (let i = 0; i < fields.length; i += 2)
      if (fields[i] === wanted) found = found === null ? fields[i + 1] : `${found}, ${fields[i + 1]}`;
    return found;
  }

  getSetCookie() {
    const cookies = [];
    for (let i = 0; i < this.#fields.length; i += 2)
      if (this.#fields[i] === "set-cookie") cookies.push(this.#fields[i + 1]);
    return cookies;
  }

  has(name) {
    const wanted = nameOf(name), fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) if (fields[i] === wanted) return true;
    return false;
  }

  set(name, value) {
    const wanted = nameOf(name), text = valueOf(value), fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] !== wanted) continue;
      fields[i + 1] = text;
      for (let j = fields.length - 2; j > i; j -= 2) if (fields[j] === wanted) fields.splice(j, 2);
      return;
    }
    fields.push(wanted, text);
  }

  forEach(callback, self = undefined) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    const fields = this.#fields, names = new Set();
    for (let i = 0; i < fields.length; i += 2) names.add(fields[i]);
    for (const name of [...names].sort())
      if (name === "set-cookie") for (const cookie of this.getSetCookie()) yield [name, cookie];
      else yield [name, this.get(name)];
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

  get [Symbol.toStringTag]() {
    return "Headers";
  }
}
