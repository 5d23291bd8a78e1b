import { performance } from "mayfly:performance";
import { report } from "mayfly:report";

export class Event {
  #type;
  #bubbles;
  #cancelable;
  #composed;
  #prevented = false;
  #stopped = false;
  #target = null;
  #time = performance.now();

  constructor(type, options = {}) {
    this.#type = `${type}`;
    this.#bubbles = Boolean(options?.bubbles);
    this.#cancelable = Boolean(options?.cancelable);
    this.#composed = Boolean(options?.composed);
  }

  static dispatch(event, target, listeners) {
    event.#target = target;
    for (const listener of listeners) {
      if (event.#stopped) break;
      listener(event);
    }
    return !event.#prevented;
  }

  get type() {
    return this.#type;
  }
  get bubbles() {
    return this.#bubbles;
  }
  get cancelable() {
    return this.#cancelable;
  }
  get composed() {
    return this.#composed;
  }
  get defaultPrevented() {
    return this.#prevented;
  }
  get target() {
    return this.#target;
  }
  get currentTarget() {
    return this.#target;
  }
  get srcElement() {
    return this.#target;
  }
  get eventPhase() {
    return this.#target === null ? 0 : 2;
  }
  get isTrusted() {
    return false;
  }
  get timeStamp() {
    return this.#time;
  }
  get returnValue() {
    return !this.#prevented;
  }
  composedPath() {
    return this.#target === null ? [] : [this.#target];
  }
  preventDefault() {
    if (this.#cancelable) this.#prevented = true;
  }
  stopPropagation() {}
  stopImmediatePropagation() {
    this.#stopped = true;
  }
  get [Symbol.toStringTag]() {
    return "Event";
  }

  static NONE = 0;
  static CAPTURING_PHASE = 1;
  static AT_TARGET = 2;
  static BUBBLING_PHASE = 3;
}

export class CustomEvent extends Event {
  #detail;

  constructor(type, options = {}) {
    super(type, options);
    this.#detail = options?.detail ?? null;
  }

  get detail() {
    return this.#detail;
  }
}

export class EventTarget {
  #listeners = new Map();

  addEventListener(type, callback, options = undefined) {
    if (callback === null || callback === undefined) return;
    if (typeof callback !== "function" && typeof callback !== "object") throw new TypeError("addEventListener: the listener is no function");
    const { once = false, signal = undefined, capture = false } = typeof options === "object" && options !== null ? options : { capture: Boolean(options) };
    if (signal?.aborted) return;
    let list = this.#listeners.get(`${type}`);
    if (list === undefined) this.#listeners.set(`${type}`, (list = []));
    if (list.some((one) => one.callback === callback && one.capture === capture)) return;
    list.push({ callback, once, capture });
    signal?.addEventListener("abort", () => this.removeEventListener(type, callback, { capture }));
  }

  removeEventListener(type, callback, options = undefined) {
    const capture = typeof options === "object" && options !== null ? Boolean(options.capture) : Boolean(options);
    const list = this.#listeners.get(`${type}`);
    const at = list?.findIndex((one) => one.callback === callback && one.capture === capture) ?? -1;
    if (at >= 0) list.splice(at, 1);
  }

  dispatchEvent(event) {
    if (!(event instanceof Event)) throw new TypeError("dispatchEvent: that is no Event");
    const called = [];
    const handler = this[`on${event.type}`];
    if (typeof handler === "function") called.push((it) => guarded(() => handler.call(this, it)));
    for (const listener of [...(this.#listeners.get(event.type) ?? [])])
      called.push((it) => {
        if (listener.once) this.removeEventListener(event.type, listener.callback, { capture: listener.capture });
        guarded(() => (typeof listener.callback === "function" ? listener.callback.call(this, it) : listener.callback.handleEvent(it)));
      });
    return Event.dispatch(event, this, called);
  }

  get [Symbol.toStringTag]() {
    return "EventTarget";
  }
}

function guarded(call) {
  try {
    call();
  } catch (error) {
    report(error, "Uncaught ");
  }
}
