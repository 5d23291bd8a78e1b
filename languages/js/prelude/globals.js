// What functions find without importing it.

import { AbortController, AbortSignal } from "mayfly:abort";
import { Blob, File } from "mayfly:blob";
import { structuredClone } from "mayfly:clone";
import { console } from "mayfly:console";
import { crypto, CryptoKey } from "mayfly:crypto";
import { TextDecoder, TextEncoder } from "mayfly:encoding";
import { CustomEvent, Event, EventTarget } from "mayfly:events";
import { fetch } from "mayfly:fetch";
import { FormData } from "mayfly:form_data";
import { Headers } from "mayfly:headers";
import { performance } from "mayfly:performance";
import { report } from "mayfly:report";
import { Request } from "mayfly:request";
import { Response } from "mayfly:response";
import { URLSearchParams } from "mayfly:search_params";
import * as streams from "mayfly:streams";
import { TextDecoderStream, TextEncoderStream } from "mayfly:text_streams";
import { clearTimeout, setInterval, setTimeout } from "mayfly:timers";
import { URL } from "mayfly:url";
import { Buffer } from "node:buffer";
import process from "node:process";

const values = {
  AbortController, AbortSignal, Blob, Buffer, CryptoKey, CustomEvent, Event, EventTarget, File, FormData, Headers, Request,
  Response, TextDecoder, TextDecoderStream, TextEncoder, TextEncoderStream, URL, URLSearchParams, console, crypto, fetch, performance,
  process, setInterval, setTimeout, structuredClone,
  clearInterval: clearTimeout,
  clearTimeout,
  clearImmediate: clearTimeout,
  global: globalThis,
  navigator: Object.freeze({ userAgent: "mayfly", hardwareConcurrency: 1, language: "en", languages: Object.freeze(["en"]) }),
  reportError: (error) => void report(error, "Uncaught "),
  self: globalThis,
  setImmediate: (callback, ...given) => setTimeout(callback, 0, ...given),
};
for (const name of Object.keys(streams)) values[name] = streams[name];

for (const name of Object.keys(values))
  Object.defineProperty(globalThis, name, { value: values[name], writable: true, configurable: true, enumerable: false });
