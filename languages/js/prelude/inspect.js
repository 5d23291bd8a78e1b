// Values as console.log() shows them.

import { promiseState } from "mayfly:native";

const kDeepest = 4;
const kMostItems = 100;
const kLine = 76; // characters that are put on one line
const kName = /^[A-Za-z_$][\w$]*$/;

function quote(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : "`";
  const body = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return mark + (mark === '"' ? body.replaceAll('"', '\\"') : body) + mark;
}

function primitive(value, nested) {
  switch (typeof value) {
    case "string":
      return nested ? quote(value) : value;
    case "bigint":
      return `${value}n`;
    case "symbol":
      return value.toString();
    case "number":
      return Object.is(value, -0) ? "-0" : `${value}`;
    default:
      return `${value}`;
  }
}

function wrap(open, items, close) {
  if (items.length === 0) return open + close;
  const line = `${open} ${items.join(", ")} ${close}`;
  if (line.length <= kLine && !line.includes("\n")) return line;
  return `${open}\n${items.map((item) => `  ${item.replaceAll("\n", "\n  ")}`).join(",\n")}\n${close}`;
}

function nameOf(value) {
  for (let proto = value; proto !== null; proto = Object.getPrototypeOf(proto)) {
    const made = Object.getOwnPropertyDescriptor(proto, "constructor")?.value;
    if (typeof made === "function" && made.name !== "") return made.name;
  }
  return null;
}

export function inspect(value, nested = false, depth = 0, seen = []) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return primitive(value, nested);
  if (seen.includes(value)) return "[Circular]";
  try {
    return inspectObject(value, depth, [...seen, value]);
  } catch (error) {
    return `[not shown: ${error}]`;
  }
}

function inspectObject(value, depth, seen) {
  const inner = (one) => inspect(one, true, depth + 1, seen);
  const name = nameOf(value);
  if (value instanceof Error || value instanceof DOMException) return inspectError(value, inner);
  if (typeof value === "function") {
    const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "Function";
    return withMembers(`[${kind}${value.name ? (kind === "class" ? ` ${value.name}` : `: ${value.name}`) : " (anonymous)"}]`, value, inner);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return `${value}`;
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return `[${name}: ${primitive(value.valueOf(), true)}]`;
  if (depth > kDeepest) return Array.isArray(value) ? "[Array]" : `[${name ?? "Object"}]`;
  if (Array.isArray(value)) return wrap(name === "Array" ? "[" : `${name}(${value.length}) [`, list(value, inner, value.length), "]");
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return wrap(`${name}(${value.length}) [`, list(value, inner, value.length), "]");
  if (value instanceof ArrayBuffer) return `ArrayBuffer { byteLength: ${value.byteLength} }`;
  if (value instanceof Map)
    return wrap(`Map(${value.size}) {`, list([...value].map(([key, one]) => `${inner(key)} => ${inner(one)}`), (text) => text, value.size), "}");
  if (value instanceof Set) return wrap(`Set(${value.size}) {`, list([...value], inner, value.size), "}");
  const promise = promiseState(value);
  if (promise !== undefined) {
    const shown = { pending: "<pending>", fulfilled: inner(promise[1]), rejected: `<rejected> ${inner(promise[1])}` };
    return `Promise { ${shown[promise[0]]} }`;
  }
  const known = describeKnown(value, name);
  if (known !== undefined) return wrap(`${name} {`, Object.entries(known).map(([key, one]) => `${key}: ${inner(one)}`), "}");
  return wrap(name === "Object" ? "{" : `${name ?? "[Object: null prototype]"} {`, members(value, inner), "}");
}

function inspectError(error, inner) {
  const trace = typeof error.stack === "string" ? error.stack.trimEnd() : "";
  const lines = `${error}${trace !== "" ? `\n${trace}` : ""}`;
  const extra = members(error, inner).filter((text) => !/^(stack|message|lineNumber|fileName|columnNumber):/.test(text));
  const cause = error.cause !== undefined ? [`[cause]: ${inner(error.cause)}`] : [];
  const all = [...extra.filter((text) => !text.startsWith("cause:")), ...cause];
  return all.length > 0 ? `${lines} ${wrap("{", all, "}")}` : lines;
}

function describeKnown(value, name) {
  switch (name) {
    case "Headers":
    case "URLSearchParams":
    case "FormData":
      return typeof value.entries === "function" ? Object.fromEntries(value.entries()) : undefined;
    case "URL":
      return { href: value.href };
    case "Request":
      return { method: value.method, url: value.url, headers: value.headers };
    case "Response":
      return { status: value.status, headers: value.headers };
    case "Blob":
    case "File":
      return { size: value.size, type: value.type };
    default:
      return undefined;
  }
}

function list(items, show, total) {
  const shown = Array.prototype.slice.call(items, 0, kMostItems).map((item) => show(item));
  if (total > kMostItems) shown.push(`... ${total - kMostItems} more`);
  return shown;
}

function members(value, inner) {
  const shown = [];
  for (const key of Reflect.ownKeys(value)) {
    const about = Object.getOwnPropertyDescriptor(value, key);
    if (!about?.enumerable) continue;
    const name = typeof key === "symbol" ? `[${key.toString()}]` : kName.test(key) ? key : quote(key);
    shown.push(`${name}: ${"value" in about ? inner(about.value) : about.set ? "[Getter/Setter]" : "[Getter]"}`);
    if (shown.length === kMostItems) break;
  }
  return shown;
}

function withMembers(text, value, inner) {
  const shown = members(value, inner);
  return shown.length > 0 ? `${text} ${wrap("{", shown, "}")}` : text;
}

// printf-like, as console.log() has it.
export function format(first, ...rest) {
  if (typeof first !== "string" || !first.includes("%")) return [first, ...rest].map((value) => inspect(value)).join(" ");
  let next = 0;
  const text = first.replace(/%([sdifjoOc%])/g, (whole, kind) => {
    if (kind === "%") return "%";
    if (next >= rest.length) return whole;
    const value = rest[next++];
    switch (kind) {
      case "s":
        return typeof value === "object" && value !== null ? inspect(value) : String(value);
      case "d":
        return typeof value === "bigint" ? `${value}n` : `${Number(value)}`;
      case "i":
        return typeof value === "bigint" ? `${value}n` : `${parseInt(value, 10)}`;
      case "f":
        return `${parseFloat(value)}`;
      case "j":
        return JSON.stringify(value);
      case "c":
        return "";
      default:
        return inspect(value, true);
    }
  });
  return [text, ...rest.slice(next).map((value) => inspect(value))].join(" ");
}
