import { Event, EventTarget } from "mayfly:events";
import { setTimeout } from "mayfly:timers";

const kMake = Symbol("make");

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  #dependent = [];
  onabort = null;

  constructor(key) {
    if (key !== kMake) throw new TypeError("Illegal constructor");
    super();
  }

  static make() {
    return new AbortSignal(kMake);
  }

  static signal(signal, reason) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason !== undefined ? reason : new DOMException("The operation was aborted", "AbortError");
    signal.dispatchEvent(new Event("abort"));
    for (const other of signal.#dependent) AbortSignal.signal(other, signal.#reason);
  }

  static abort(reason = undefined) {
    const signal = AbortSignal.make();
    AbortSignal.signal(signal, reason);
    return signal;
  }

  static timeout(milliseconds) {
    const signal = AbortSignal.make();
    setTimeout(() => AbortSignal.signal(signal, new DOMException("The operation timed out", "TimeoutError")), milliseconds);
    return signal;
  }

  static any(signals) {
    const signal = AbortSignal.make();
    for (const other of signals) {
      if (other.#aborted) {
        AbortSignal.signal(signal, other.#reason);
        break;
      }
      other.#dependent.push(signal);
    }
    return signal;
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  get [Symbol.toStringTag]() {
    return "AbortSignal";
  }
}

export const dependentSignal = (signals) => AbortSignal.any(signals);

export class AbortController {
  #signal = AbortSignal.make();

  get signal() {
    return this.#signal;
  }

  abort(reason = undefined) {
    AbortSignal.signal(this.#signal, reason);
  }

  get [Symbol.toStringTag]() {
    return "AbortController";
  }
}
