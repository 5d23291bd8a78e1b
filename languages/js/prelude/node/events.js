export class EventEmitter {
  #listeners = new Map();

  on(name, listener) {
    return this.addListener(name, listener);
  }
  addListener(name, listener) {
    if (typeof listener !== "function") throw new TypeError("The listener is no function");
    if (!this.#listeners.has(name)) this.#listeners.set(name, []);
    this.#listeners.get(name).push(listener);
    return this;
  }
  prependListener(name, listener) {
    this.on(name, listener);
    const list = this.#listeners.get(name);
    list.unshift(list.pop());
    return this;
  }
  once(name, listener) {
    const wrapped = (...given) => {
      this.off(name, wrapped);
      listener.apply(this, given);
    };
    wrapped.listener = listener;
    return this.on(name, wrapped);
  }
  off(name, listener) {
    const list = this.#listeners.get(name) ?? [];
    const at = list.findLastIndex((one) => one === listener || one.listener === listener);
    if (at >= 0) this.#listeners.set(name, list.toSpliced(at, 1));
    return this;
  }
  removeListener(name, listener) {
    return this.off(name, listener);
  }
  removeAllListeners(name = undefined) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }
  emit(name, ...given) {
    const list = this.#listeners.get(name) ?? [];
    if (list.length === 0 && name === "error") throw given[0] instanceof Error ? given[0] : new Error(`Unhandled error event: ${given[0]}`);
    for (const listener of [...list]) listener.apply(this, given);
    return list.length > 0;
  }
  listeners(name) {
    return (this.#listeners.get(name) ?? []).map((one) => one.listener ?? one);
  }
  listenerCount(name) {
    return this.#listeners.get(name)?.length ?? 0;
  }
  eventNames() {
    return [...this.#listeners.keys()];
  }
  setMaxListeners() {
    return this;
  }
}

EventEmitter.EventEmitter = EventEmitter;
export function once(emitter, name) {
  return new Promise((resolve, reject) => {
    emitter.once(name, (...given) => resolve(given));
    if (name !== "error") emitter.once("error", reject);
  });
}
EventEmitter.once = once;
export default EventEmitter;
