import { now, sleepFor } from "mayfly:native";

const kLongest = 2147483647; // milliseconds, as elsewhere

let timers = []; // in the order in which they are due
let last = 0;

class Timer {
  constructor(id, due, every, callback) {
    this.id = id;
    this.due = due;
    this.every = every;
    this.callback = callback;
  }
}

function insert(timer) {
  let at = timers.length;
  while (at > 0 && timers[at - 1].due > timer.due) --at;
  timers.splice(at, 0, timer);
}

function start(callback, delay, given, repeat) {
  if (typeof callback !== "function") throw new TypeError("The callback of a timer is no function");
  let wait = Number(delay);
  if (!(wait >= 1 && wait <= kLongest)) wait = repeat ? 1 : 0;
  insert(new Timer(++last, now() + wait, repeat ? wait : 0, given.length === 0 ? callback : () => callback(...given)));
  return last;
}

export function setTimeout(callback, delay = 0, ...given) {
  return start(callback, delay, given, false);
}

export function setInterval(callback, delay = 0, ...given) {
  return start(callback, delay, given, true);
}

export function clearTimeout(id) {
  const at = timers.findIndex((timer) => timer.id === id);
  if (at >= 0) timers.splice(at, 1);
}

export function forgetTimers() {
  if (timers.length > 0) timers = [];
}

// Waits for the next timer and calls it; false when there is none.
export function wait() {
  const timer = timers.shift();
  if (timer === undefined) return false;
  sleepFor(timer.due - now());
  if (timer.every > 0) {
    timer.due = Math.max(timer.due + timer.every, now());
    insert(timer);
  }
  timer.callback();
  return true;
}
