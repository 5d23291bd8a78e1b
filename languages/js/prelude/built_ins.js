// What require() has without a file.

import { addBuiltIn } from "mayfly:modules";
import assert from "node:assert";
import buffer from "node:buffer";
import crypto from "node:crypto";
import events from "node:events";
import path from "node:path";
import process from "node:process";
import timers from "node:timers";
import url from "node:url";
import util from "node:util";

const all = { assert, buffer, crypto, events, path, process, timers, url, util };
for (const name of Object.keys(all)) addBuiltIn(`node:${name}`, all[name]);
