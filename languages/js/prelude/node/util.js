import { TextDecoder, TextEncoder } from "mayfly:encoding";
import { format, inspect as show } from "mayfly:inspect";

export { format, TextDecoder, TextEncoder };
export const inspect = (value) => show(value, true);
inspect.custom = Symbol.for("nodejs.util.inspect.custom");

export function promisify(call) {
  return (...given) => new Promise((resolve, reject) => call(...given, (error, value) => (error ? reject(error) : resolve(value))));
}
export function inherits(made, from) {
  Object.defineProperty(made, "super_", { value: from, writable: true, configurable: true });
  Object.setPrototypeOf(made.prototype, from.prototype);
}
export const deprecate = (call) => call;
export const isDeepStrictEqual = (one, other) => equal(one, other);
export const types = {
  isDate: (value) => value instanceof Date,
  isRegExp: (value) => value instanceof RegExp,
  isPromise: (value) => value instanceof Promise,
  isMap: (value) => value instanceof Map,
  isSet: (value) => value instanceof Set,
  isTypedArray: (value) => ArrayBuffer.isView(value) && !(value instanceof DataView),
  isUint8Array: (value) => value instanceof Uint8Array,
  isArrayBuffer: (value) => value instanceof ArrayBuffer,
};

export function equal(one, other) {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Date) return one.getTime() === other.getTime();
  if (one instanceof RegExp) return `${one}` === `${other}`;
  if (one instanceof Map || one instanceof Set) return equal([...one], [...other]);
  const keys = Reflect.ownKeys(one);
  return keys.length === Reflect.ownKeys(other).length && keys.every((key) => Object.hasOwn(other, key) && equal(one[key], other[key]));
}

export default { format, inspect, promisify, inherits, deprecate, isDeepStrictEqual, types, TextDecoder, TextEncoder };
