import { env } from "mayfly:environment";
import { now, print } from "mayfly:native";
import { performance } from "mayfly:performance";

const write = (text) => (print(`${text}`), true);

const process = {
  env,
  argv: ["mayfly"],
  execArgv: [],
  platform: "wasi",
  arch: "wasm32",
  pid: 1,
  version: "v20.0.0",
  versions: { node: "20.0.0", quickjs: "0.16.2" },
  title: "mayfly",
  browser: false,
  cwd: () => "/",
  nextTick: (callback, ...given) => queueMicrotask(() => callback(...given)),
  hrtime: Object.assign((before = undefined) => {
    const time = now(), whole = [Math.floor(time / 1000), Math.floor((time % 1000) * 1e6)];
    if (before === undefined) return whole;
    const nanoseconds = whole[1] - before[1];
    return nanoseconds < 0 ? [whole[0] - before[0] - 1, nanoseconds + 1e9] : [whole[0] - before[0], nanoseconds];
  }, { bigint: () => BigInt(Math.floor(now() * 1e6)) }),
  uptime: () => performance.now() / 1000,
  memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
  emitWarning: (warning) => write(`${warning?.message ?? warning}\n`),
  exit: (code = 0) => {
    throw new Error(`process.exit(${code}) was called: a function returns its response instead`);
  },
  on: () => process,
  once: () => process,
  off: () => process,
  emit: () => false,
  stdout: { write, isTTY: false },
  stderr: { write, isTTY: false },
};

export default process;
export const { argv, cwd, nextTick, platform } = process;
export { env };
