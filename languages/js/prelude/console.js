// Each call is a line of the function log.

import { format, inspect } from "mayfly:inspect";
import { now, print } from "mayfly:native";

const counts = new Map(), times = new Map();
let indent = "";

function line(...values) {
  const text = values.length === 0 ? "" : format(...values);
  print(`${indent}${indent === "" ? text : text.replaceAll("\n", `\n${indent}`)}\n`);
}

function elapsed(label) {
  const started = times.get(label);
  return started === undefined ? undefined : `${label}: ${(now() - started).toFixed(3)} ms`;
}

export const console = {
  log: line,
  info: line,
  debug: line,
  warn: line,
  error: line,
  trace(...values) {
    const trace = new Error().stack.split("\n").filter((text) => text !== "" && !text.includes("mayfly:")).join("\n");
    line(`Trace${values.length > 0 ? `: ${format(...values)}` : ""}\n${trace}`);
  },
  assert(condition, ...values) {
    if (!condition) line(`Assertion failed${values.length > 0 ? `: ${format(...values)}` : ""}`);
  },
  dir: (value) => line(inspect(value, true)),
  dirxml: line,
  table: line,
  count(label = "default") {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    line(`${label}: ${counts.get(label)}`);
  },
  countReset: (label = "default") => void counts.delete(label),
  group(...values) {
    if (values.length > 0) line(...values);
    indent += "  ";
  },
  groupCollapsed: (...values) => console.group(...values),
  groupEnd() {
    indent = indent.slice(2);
  },
  time: (label = "default") => void times.set(label, now()),
  timeLog(label = "default", ...values) {
    const text = elapsed(label);
    if (text !== undefined) line(text, ...values);
  },
  timeEnd(label = "default") {
    const text = elapsed(label);
    times.delete(label);
    if (text !== undefined) line(text);
  },
  clear() {},
};
