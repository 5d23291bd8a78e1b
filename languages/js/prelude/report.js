// What is said of an exception: first where and what, then the trace.

import { print } from "mayfly:native";

const kPlace = /(?:\(|at )\/?([^()\s]+):(\d+):(\d+)\)?\s*$/;
const kOwn = /\((?:mayfly|node):|at (?:mayfly|node):|\(native\)/;

export function messageOf(error) {
  try {
    if (error instanceof Error || error instanceof DOMException) return `${error}`;
    if (typeof error === "object" && error !== null) {
      const text = JSON.stringify(error);
      if (typeof error.message === "string") return error.message;
      return text ?? `${error}`;
    }
    return String(error);
  } catch {
    return "an exception that cannot be shown";
  }
}

function traceOf(error) {
  const stack = error?.stack;
  if (typeof stack !== "string") return [];
  return stack.split("\n").filter((line) => line.trim() !== "" && !kOwn.test(line));
}

// FILE:LINE:COLUMN of where it was thrown, without the folder that all files are in; else its `place`, or "".
export function placeOf(error) {
  for (const line of traceOf(error)) {
    const place = kPlace.exec(line);
    if (place !== null) return `${place[1]}:${place[2]}:${place[3]}`;
  }
  if (typeof error?.place === "string") return error.place;
  const module = /^Could not find export .* in module '\/(.+)'$/.exec(error?.message);
  return module === null ? "" : `${module[1]}:1:1`;
}

export function report(error, before = "", between = "") {
  const message = messageOf(error), place = placeOf(error);
  const lines = [`${before}${place !== "" ? `${place}: ` : ""}${message}`];
  if (between !== "") lines.push(between);
  for (const line of traceOf(error)) lines.push(line);
  for (let cause = error?.cause, depth = 0; cause !== undefined && cause !== null && depth < 8; cause = cause.cause, ++depth) {
    lines.push(`Caused by: ${messageOf(cause)}`, ...traceOf(cause));
  }
  print(`${lines.join("\n")}\n`);
  return message;
}
