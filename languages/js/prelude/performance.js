import { now } from "mayfly:native";

let origin, originOfDate;

function begin() {
  if (origin !== undefined) return;
  origin = now();
  originOfDate = Date.now();
}

// A request's clock begins when it is asked first.
export function forgetClock() {
  origin = undefined;
}

const marks = new Map();

export const performance = {
  now() {
    begin();
    return now() - origin;
  },
  get timeOrigin() {
    begin();
    return originOfDate;
  },
  mark(name) {
    const entry = { name: `${name}`, entryType: "mark", startTime: performance.now(), duration: 0 };
    marks.set(entry.name, entry);
    return entry;
  },
  measure(name, from = undefined, to = undefined) {
    const start = from === undefined ? 0 : marks.get(from).startTime;
    const end = to === undefined ? performance.now() : marks.get(to).startTime;
    return { name: `${name}`, entryType: "measure", startTime: start, duration: end - start };
  },
  toJSON: () => ({ timeOrigin: performance.timeOrigin }),
};
