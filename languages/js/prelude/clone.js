import { Blob } from "mayfly:blob";

const fail = (what) => {
  throw new DOMException(`${what} cannot be cloned`, "DataCloneError");
};

export function structuredClone(value, options = undefined) {
  const transferred = new Map();
  for (const buffer of options?.transfer ?? []) {
    if (!(buffer instanceof ArrayBuffer)) fail("What is no ArrayBuffer");
    transferred.set(buffer, buffer.transfer());
  }
  return copy(value, transferred);
}

const kErrors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function copy(value, seen) {
  if (typeof value === "function" || typeof value === "symbol") fail(`A ${typeof value}`);
  if (value === null || typeof value !== "object") return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const made = (result) => (seen.set(value, result), result);
  if (value instanceof Date) return made(new Date(value.getTime()));
  if (value instanceof RegExp) return made(new RegExp(value.source, value.flags));
  if (value instanceof Boolean || value instanceof Number || value instanceof String || value instanceof BigInt) return made(Object(value.valueOf()));
  if (value instanceof ArrayBuffer) return made(value.slice(0));
  if (ArrayBuffer.isView(value)) {
    const buffer = copy(value.buffer, seen);
    return made(new value.constructor(buffer, value.byteOffset, value instanceof DataView ? value.byteLength : value.length));
  }
  if (value instanceof Blob) return made(value);
  if (value instanceof Map) {
    const map = made(new Map());
    for (const [key, one] of value) map.set(copy(key, seen), copy(one, seen));
    return map;
  }
  if (value instanceof Set) {
    const set = made(new Set());
    for (const one of value) set.add(copy(one, seen));
    return set;
  }
  if (value instanceof Error) {
    const Made = kErrors[value.name] ?? Error;
    const error = made(new Made(value.message));
    if ("cause" in value) error.cause = copy(value.cause, seen);
    Object.defineProperty(error, "stack", { value: value.stack, writable: true, configurable: true });
    return error;
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) fail(`A ${value.constructor.name}`);
  const result = made(Array.isArray(value) ? new Array(value.length) : {});
  for (const key of Object.keys(value)) result[key] = copy(value[key], seen);
  return result;
}
