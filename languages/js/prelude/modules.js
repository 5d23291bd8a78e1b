// Where the function's modules are, and how they are loaded: ES modules, JSON, and CommonJS by require().

import { decode } from "mayfly:encoding";
import { evaluateScript, isScript, kindOfFile, readFile, setLoader } from "mayfly:native";

const kExtensions = ["", ".js", ".mjs", ".cjs", ".json", ".ts", ".mts", ".tsx"];
const kBuiltIn = new Set(["buffer", "events", "util", "path", "process", "url", "assert", "crypto", "timers"]);
const kModuleWords = /\b(?:import|export|await)\b/;

let sealed = false; // after the deploy there are no files

export function seal() {
  sealed = true;
  sources.clear();
  packages.clear();
}

const sources = new Map(), packages = new Map();

function fileText(path) {
  if (!sources.has(path)) {
    const bytes = readFile(path);
    sources.set(path, bytes === undefined ? undefined : decode(bytes));
  }
  return sources.get(path);
}

const folderOf = (path) => path.slice(0, path.lastIndexOf("/")) || "/";

function join(folder, relative) {
  const parts = relative.startsWith("/") ? [] : folder.split("/").filter(Boolean);
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function packageOf(folder) {
  if (!packages.has(folder)) {
    const text = kindOfFile(join(folder, "package.json")) === "file" ? fileText(join(folder, "package.json")) : undefined;
    packages.set(folder, text === undefined ? undefined : JSON.parse(text));
  }
  return packages.get(folder);
}

function nearestPackage(path) {
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    const found = packageOf(folder);
    if (found !== undefined) return { folder, about: found };
    if (folder === "/") return undefined;
  }
}

// --- Names to files -------------------------------------------------------------------------------------------------

function asFile(path) {
  for (const extension of kExtensions) if (kindOfFile(path + extension) === "file") return path + extension;
  // TypeScript's imports name what it compiles to, and bundles may have either.
  const stem = /^(.*)\.([cm]?)(?:j|t)sx?$/.exec(path);
  if (stem !== null)
    for (const extension of [".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx"]) if (kindOfFile(stem[1] + extension) === "file") return stem[1] + extension;
  return undefined;
}

function asFolder(path, conditions) {
  if (kindOfFile(path) !== "folder") return undefined;
  const about = packageOf(path);
  const entry = about && ((conditions.includes("import") && typeof about.module === "string" && about.module) || about.main);
  if (typeof entry === "string") {
    const main = join(path, entry), found = asFile(main) ?? asFile(join(main, "index"));
    if (found !== undefined) return found;
  }
  return asFile(join(path, "index"));
}

// What `exports` or `imports` of a package have for a target, by https://nodejs.org/api/packages.html.
function pick(target, conditions, star) {
  if (typeof target === "string") return star === undefined ? target : target.replaceAll("*", star);
  if (Array.isArray(target)) {
    for (const one of target) {
      const found = pick(one, conditions, star);
      if (found) return found;
    }
    return undefined;
  }
  if (target === null || typeof target !== "object") return undefined;
  for (const key of Object.keys(target))
    if (key === "default" || conditions.includes(key)) {
      const found = pick(target[key], conditions, star);
      if (found !== undefined) return found;
    }
  return undefined;
}

function mapped(map, key, conditions) {
  if (key in map && !key.includes("*")) return pick(map[key], conditions);
  let best, star;
  for (const pattern of Object.keys(map)) {
    const at = pattern.indexOf("*");
    if (at < 0) continue;
    const before = pattern.slice(0, at), after = pattern.slice(at + 1);
    if (key.length < pattern.length || !key.startsWith(before) || !key.endsWith(after)) continue;
    if (best !== undefined && best.indexOf("*") >= at) continue;
    best = pattern;
    star = key.slice(at, key.length - after.length);
  }
  return best === undefined ? undefined : pick(map[best], conditions, star);
}

function inPackage(folder, subpath, conditions) {
  const about = packageOf(folder);
  let exports = about?.exports;
  if (exports !== undefined && exports !== null) {
    if (typeof exports === "string" || Array.isArray(exports) || !Object.keys(exports).some((key) => key.startsWith("."))) exports = { ".": exports };
    const found = mapped(exports, subpath === "" ? "." : `./${subpath}`, conditions);
    return found === undefined ? undefined : asFile(join(folder, found));
  }
  const path = join(folder, subpath);
  return (subpath === "" ? undefined : asFile(path)) ?? asFolder(path, conditions);
}

function find(base, specifier, conditions) {
  if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..") {
    const path = join(folderOf(base), specifier);
    return (specifier.endsWith("/") ? undefined : asFile(path)) ?? asFolder(path, conditions);
  }
  if (specifier.startsWith("file://")) return asFile(specifier.slice(7));
  if (specifier.startsWith("#")) {
    const own = nearestPackage(base), target = own?.about.imports && mapped(own.about.imports, specifier, conditions);
    if (!target) return undefined;
    return target.startsWith(".") ? asFile(join(own.folder, target)) : find(base, target, conditions);
  }
  const [, name, subpath = ""] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.*))?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const own = nearestPackage(base);
  if (own?.about.name === name && own.about.exports !== undefined) {
    const found = inPackage(own.folder, subpath, conditions);
    if (found !== undefined) return found;
  }
  for (let folder = folderOf(base); ; folder = folderOf(folder)) {
    const at = join(folder, `node_modules/${name}`);
    if (kindOfFile(at) === "folder") {
      const found = inPackage(at, subpath, conditions);
      if (found !== undefined) return found;
    }
    if (folder === "/") return undefined;
  }
}

const kForImport = ["import", "module", "worker", "browser", "production"];
const kForRequire = ["require", "browser", "production"];

function missing(base, specifier) {
  const from = base.startsWith("mayfly:") ? "" : ` from ${base.replace(/^\//, "")}`;
  if (sealed) return new Error(`Cannot load ${specifier}${from}: only what was loaded at the deploy can be imported while requests are answered`);
  const bare = !/^[./#]/.test(specifier);
  const error = new Error(`Cannot find ${bare ? "package" : "module"} '${specifier}'${from}${bare ? ": it is neither in node_modules nor built in" : ""}`);
  error.place = placeIn(base, specifier);
  error.code = bare ? "ERR_MODULE_NOT_FOUND" : "MODULE_NOT_FOUND";
  return error;
}

// Where a file names another.
function placeIn(base, specifier) {
  const before = (sources.get(base) ?? "").split(/(?<=["'`])/), at = before.findIndex((part) => part.slice(0, -1) === specifier);
  if (at < 0) return undefined;
  const lines = before.slice(0, at).join("").split("\n");
  return `${base.slice(1)}:${lines.length}:${lines.at(-1).length}`;
}

function builtIn(specifier) {
  const name = specifier.startsWith("node:") ? specifier.slice(5) : specifier;
  return kBuiltIn.has(name) ? `node:${name}` : undefined;
}

const resolved = new Map(); // what was found at the deploy

function resolve(base, specifier, conditions) {
  const key = `${conditions[0]} ${folderOf(base)} ${specifier}`;
  const known = resolved.get(key);
  if (known !== undefined) return known;
  if (specifier.startsWith("mayfly:") || sealed) throw missing(base, specifier);
  const own = builtIn(specifier);
  const found = specifier.startsWith("node:") ? own : (find(base, specifier, conditions) ?? own);
  if (found === undefined) throw missing(base, specifier);
  resolved.set(key, found);
  return found;
}

// --- ES modules -----------------------------------------------------------------------------------------------------

export function isModule(path, text) {
  if (/\.m[jt]s$/.test(path)) return true;
  if (/\.cjs$/.test(path)) return false;
  if (nearestPackage(path)?.about.type === "module") return true;
  return kModuleWords.test(text) && !isScript(wrap(text), path);
}

const kIdentifier = /^[A-Za-z_$][\w$]*$/;
const kReserved = new Set("arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield".split(" "));

// The text of an ES module that has the values of another kind of module.
function wrapped(path, value) {
  const names = value !== null && (typeof value === "object" || typeof value === "function") ? Object.keys(value) : [];
  const exported = names.filter((name) => kIdentifier.test(name) && !kReserved.has(name));
  return `const { value } = import.meta;\nexport default value?.__esModule && "default" in value ? value.default : value;\n` +
    exported.map((name, i) => `const _${i} = value.${name};\nexport { _${i} as ${name} };\n`).join("");
}

const loaded = new Map(); // values by path, until their modules have them

function describe(meta, path) {
  meta.url = `file://${path}`;
  meta.filename = path;
  meta.dirname = folderOf(path);
  if (loaded.has(path)) meta.value = loaded.get(path);
  loaded.delete(path);
}

function load(path) {
  const text = fileText(path);
  if (text === undefined) throw missing("", path);
  if (path.endsWith(".json")) {
    loaded.set(path, parseJson(path, text));
    return wrapped(path, loaded.get(path));
  }
  if (isModule(path, text)) return text;
  loaded.set(path, requireFile(path));
  return wrapped(path, loaded.get(path));
}

function parseJson(path, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${path.slice(1)} is not JSON: ${error.message}`);
  }
}

// --- CommonJS -------------------------------------------------------------------------------------------------------

const kOpen = "(function (exports, require, module, __filename, __dirname) {";
const wrap = (text) => `${kOpen}${text.replace(/^#!.*/, "")}\n})`;

const cache = Object.create(null); // modules by path
const builtIns = new Map();

export function addBuiltIn(name, exports) {
  builtIns.set(name, exports);
}

export function requireFrom(base) {
  const require = (specifier) => {
    const path = resolve(base, `${specifier}`, kForRequire);
    return builtIns.get(path) ?? requireFile(path, specifier);
  };
  require.resolve = (specifier) => resolve(base, `${specifier}`, kForRequire);
  require.cache = cache;
  return require;
}

export function moduleOf(path) {
  return { id: path, filename: path, path: folderOf(path), exports: {}, loaded: false, children: [] };
}

function requireFile(path, specifier = path) {
  const known = cache[path];
  if (known !== undefined) return known.exports;
  if (sealed) throw missing("", specifier);
  const text = fileText(path), module = moduleOf(path);
  if (text === undefined) throw missing("", path);
  cache[path] = module;
  try {
    if (path.endsWith(".json")) module.exports = parseJson(path, text);
    else if (isModule(path, text)) throw new Error(`require() of an ES module is not supported: ${path.slice(1)}; import it`);
    else {
      module.require = requireFrom(path);
      evaluateScript(wrap(text), path).call(module.exports, module.exports, module.require, module, path, module.path);
    }
  } catch (error) {
    delete cache[path];
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

setLoader((base, specifier) => resolve(base, specifier, kForImport), load, describe);

// The first file, whether that is a module, and its text.
export function mainFile(path) {
  const text = fileText(path);
  if (text === undefined) throw new Error(`There is no file ${path.replace(/^\//, "")} in the function`);
  return { text: text.replace(/^#!.*/, ""), module: isModule(path, text) };
}

// The line that a place is on, and a mark under its column; "" when the file is not at hand.
export function sourceLine(place) {
  const [, path, line, column] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
  const text = sources.get(`/${path}`)?.split("\n")[line - 1];
  return text === undefined || text.length > 200 ? "" : `${text}\n${" ".repeat(column - 1)}^`;
}
