// Paths as on POSIX.

export const sep = "/";
export const delimiter = ":";

export function normalize(path) {
  if (path === "") return ".";
  const absolute = path.startsWith("/"), parts = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!absolute) parts.push("..");
  }
  const text = parts.join("/") + (path.endsWith("/") && parts.length > 0 ? "/" : "");
  return absolute ? `/${text}` : text || ".";
}
export const join = (...parts) => normalize(parts.filter((part) => part !== "").join("/"));
export const isAbsolute = (path) => path.startsWith("/");
export function resolve(...parts) {
  let path = "";
  for (const part of ["/", ...parts]) path = part.startsWith("/") ? part : `${path}/${part}`;
  const whole = normalize(path);
  return whole.length > 1 && whole.endsWith("/") ? whole.slice(0, -1) : whole;
}
export function dirname(path) {
  const trimmed = path.replace(/(?!^)\/+$/, ""), at = trimmed.lastIndexOf("/");
  return at < 0 ? "." : at === 0 ? "/" : trimmed.slice(0, at);
}
export function basename(path, suffix = "") {
  const name = path.replace(/\/+$/, "").split("/").at(-1);
  return suffix !== "" && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}
export function extname(path) {
  const name = basename(path), at = name.lastIndexOf(".");
  return at <= 0 ? "" : name.slice(at);
}
export function relative(from, to) {
  const one = resolve(from).split("/").filter(Boolean), other = resolve(to).split("/").filter(Boolean);
  let same = 0;
  while (same < one.length && same < other.length && one[same] === other[same]) ++same;
  return [...one.slice(same).map(() => ".."), ...other.slice(same)].join("/");
}
export function parse(path) {
  const base = basename(path), ext = extname(path), dir = dirname(path);
  return { root: path.startsWith("/") ? "/" : "", dir: dir === "." ? "" : dir, base, ext, name: ext === "" ? base : base.slice(0, -ext.length) };
}
export const format = ({ dir = "", root = "", base, name = "", ext = "" }) => `${dir !== "" ? `${dir}/` : root}${base ?? name + ext}`;

const path = { sep, delimiter, normalize, join, isAbsolute, resolve, dirname, basename, extname, relative, parse, format };
path.posix = path;
export default path;
