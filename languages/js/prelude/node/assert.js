import { equal as same, inspect } from "node:util";

export class AssertionError extends Error {
  name = "AssertionError";
  code = "ERR_ASSERTION";
}

function check(holds, message, otherwise) {
  if (holds) return;
  throw message instanceof Error ? message : new AssertionError(message ?? otherwise());
}

const pair = (one, word, other) => () => `${inspect(one)} ${word} ${inspect(other)}`;

export const ok = (value, message = undefined) => check(value, message, () => `${inspect(value)} is falsy`);
export const equal = (one, other, message = undefined) => check(one == other, message, pair(one, "!=", other));
export const notEqual = (one, other, message = undefined) => check(one != other, message, pair(one, "==", other));
export const strictEqual = (one, other, message = undefined) => check(Object.is(one, other), message, pair(one, "!==", other));
export const notStrictEqual = (one, other, message = undefined) => check(!Object.is(one, other), message, pair(one, "===", other));
export const deepStrictEqual = (one, other, message = undefined) => check(same(one, other), message, pair(one, "is not", other));
export const deepEqual = deepStrictEqual;
export function throws(call, message = undefined) {
  try {
    call();
  } catch {
    return;
  }
  check(false, typeof message === "string" ? message : undefined, () => "nothing was thrown");
}
export const fail = (message = "failed") => check(false, message);

export default Object.assign((value, message) => ok(value, message), { AssertionError, ok, equal, notEqual, strictEqual, notStrictEqual, deepEqual, deepStrictEqual, throws, fail });
