// Finds what answers requests in the function's first file, calls it, and sends what it answers. The driver calls
// load() once, then for each request answer(), finish() and background() in turn.

import "mayfly:globals";
import { bytesOf, chunk } from "mayfly:body";
import { routed } from "mayfly:context";
import { env, forgetEnvironment } from "mayfly:environment";
import { Event } from "mayfly:events";
import { evaluateScript, readAllText, respond, writePart } from "mayfly:native";
import { mainFile, moduleOf, requireFrom, seal, sourceLine } from "mayfly:modules";
import "mayfly:built_ins";
import { forgetClock } from "mayfly:performance";
import { placeOf, report } from "mayfly:report";
import { Request } from "mayfly:request";
import { Response } from "mayfly:response";
import { ReadableStream } from "mayfly:streams";
import { forgetTimers, wait } from "mayfly:timers";

export { wait };

let handle; // () => what the function answers: a value or a promise
let awaited = []; // what waitUntil() was given
const listeners = [];

function addEventListener(type, listener) {
  if (type === "fetch") listeners.push(listener);
}

class FetchEvent extends Event {
  answer;

  constructor() {
    super("fetch");
    this.request = Request.incoming();
  }
  respondWith(answer) {
    if (this.answer !== undefined) throw new TypeError("respondWith() has been called already");
    this.answer = Promise.resolve(answer);
  }
  waitUntil(promise) {
    awaited.push(promise);
  }
  passThroughOnException() {}
}

// Objects of these shapes are alive always, so that each request finds the shapes made.
export const shapes = [Request.incoming(), new Response(""), new Response("", { status: 200, headers: { a: "b" } })];

const context = Object.freeze({
  props: Object.freeze({}),
  waitUntil: (promise) => void awaited.push(promise),
  passThroughOnException() {},
});

// --- Which form it has ----------------------------------------------------------------------------------------------

const calling = (target, method) => () => target[method](Request.incoming(), env, context);

function dispatching() {
  const event = new FetchEvent();
  for (const listener of listeners) {
    if (typeof listener === "function") listener(event);
    else listener.handleEvent(event);
    if (event.answer !== undefined) return event.answer;
  }
  throw new TypeError("No listener of fetch has called respondWith()");
}

const executing = (exec) => async () => {
  const output = await exec(readAllText());
  const text = typeof output === "string" ? output : JSON.stringify(output);
  if (text === undefined) throw new TypeError(`exec() returned ${kindOf(output)}, which is neither text nor has JSON`);
  return new Response(text, { headers: { "content-type": "application/json" } });
};

const isFunction = (value) => typeof value === "function";
// handler(ctx), by the name of its parameter.
const takesContext = (handler) => handler.length === 1 &&
  /^(?:async\s+)?(?:function\s*\w*\s*|\w+\s*)?\(?\s*ctx\s*[),=]/.test(Function.prototype.toString.call(handler));
const fetches = (value) => value !== null && (typeof value === "object" || isFunction(value)) && isFunction(value.fetch);

// In what a module exports, or the globals that a script has set.
function formIn(exported) {
  const standard = exported.default;
  if (fetches(standard)) return calling(standard, "fetch");
  if (isFunction(standard?.prototype?.fetch)) return calling(new standard(), "fetch");
  if (isFunction(standard)) return () => standard(Request.incoming(), env, context);
  const holder = standard !== null && typeof standard === "object" ? standard : exported;
  for (const from of [exported, holder]) {
    if (isFunction(from.fetch) && from.fetch !== fetchOfServer) return calling(from, "fetch");
    if (isFunction(from.handler)) return takesContext(from.handler) ? () => routed(from.handler) : calling(from, "handler");
    if (isFunction(from.exec)) return executing((input) => from.exec(input));
  }
  return undefined;
}

const fetchOfServer = globalThis.fetch;

function evaluateMain(path, text) {
  const module = moduleOf(path);
  Object.assign(globalThis, { module, exports: module.exports, require: requireFrom(path), __filename: path, __dirname: module.path });
  const value = evaluateScript(text, path), exported = module.exports;
  if (isFunction(exported)) return fetches(exported) ? calling(exported, "fetch") : () => exported(Request.incoming(), env, context);
  if (exported !== null && typeof exported === "object" && Object.keys(exported).length > 0) return formIn(exported);
  if (listeners.length > 0) return dispatching;
  if (isFunction(value) && value !== globalThis.exec) return () => routed(value);
  if (fetches(value)) return calling(value, "fetch");
  // What const and let have made is not on the global object.
  return formIn(evaluateScript("({ handler: typeof handler !== 'undefined' && handler, exec: typeof exec !== 'undefined' && exec, fetch })", path));
}

const kForms = "There is no handler in {}. It has one of these: `export default { fetch(request, env, ctx) {...} }`, " +
  "`export default function (request) {...}`, `export function handler(request) {...}`, `addEventListener(\"fetch\", ...)`, " +
  "`module.exports = ...` of these, `(ctx) => {...}` as the last expression of a script, or `export function exec(input) {...}`";

export async function load(path) {
  globalThis.addEventListener = addEventListener;
  const { text, module } = mainFile(path);
  handle = module ? formIn(await import(path)) : evaluateMain(path, text);
  if (handle === undefined && listeners.length > 0) handle = dispatching;
  handle ??= formIn(globalThis);
  if (handle === undefined) {
    const name = path.replace(/^\//, "");
    throw Object.assign(new TypeError(kForms.replace("{}", name)), { place: `${name}:1:1` });
  }
  seal();
  forgetClock();
  forgetTimers();
  forgetEnvironment();
}

// --- A request ------------------------------------------------------------------------------------------------------

export function answer() {
  return handle();
}

function kindOf(value) {
  if (value === undefined) return "undefined";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

// Sends what the handler returned; a promise when that goes on.
export function finish(value) {
  if (typeof value === "string") return respond(200, undefined, "text/plain; charset=utf-8", value);
  if (value === undefined) return respond(204, undefined, undefined, undefined);
  if (typeof value === "object" && value !== null) {
    if (Response.is(value)) return send(value);
    if (value instanceof Uint8Array) return respond(200, undefined, "application/octet-stream", value);
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return respond(200, undefined, "application/octet-stream", value);
    if (value instanceof ReadableStream) return send(new Response(value, { headers: { "content-type": "application/octet-stream" } }));
    if (isFunction(value.then)) return Promise.resolve(value).then(finish);
  }
  return respond(200, undefined, "application/json", jsonOf(value));
}

function jsonOf(value) {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`The handler returned ${kindOf(value)}, which is no response`);
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`The handler returned ${kindOf(value)} that has no JSON: ${error.message}`, { cause: error });
  }
}

function send(response) {
  const [status, fields, type, content] = Response.parts(response);
  if (status === 0) throw new TypeError("The handler returned Response.error()");
  if (content === null) return respond(status, fields, type, undefined);
  if (typeof content === "string" || content instanceof Uint8Array) return respond(status, fields, type, content);
  if (content instanceof ReadableStream) return stream(status, fields, type, content);
  return bytesOf(content).then((bytes) => respond(status, fields, type, bytes));
}

// The head waits for the first part, so that what fails before it is an error and not a response.
async function stream(status, fields, type, content) {
  let begun = false;
  for await (const part of content) {
    const bytes = chunk(part);
    if (begun) writePart(bytes);
    else respond(status, fields, type, bytes);
    begun = true;
  }
  if (!begun) respond(status, fields, type, undefined);
}

// What is left to do behind the response; timers that nobody waits for are dropped.
export function background() {
  forgetClock();
  if (awaited.length === 0) return forgetTimers();
  return backgroundOf();
}

async function backgroundOf() {
  while (awaited.length > 0) {
    const promises = awaited;
    awaited = [];
    for (const result of await Promise.allSettled(promises)) if (result.status === "rejected") report(result.reason, "waitUntil: ");
  }
  forgetTimers();
}

// Writes an exception to the function log, and returns what the client is told.
export function describe(error) {
  return report(error, "", error instanceof SyntaxError ? sourceLine(placeOf(error)) : "");
}
