"""bundle.py MAIN [NAME=FILE]... [NAME=]...: one script of a CommonJS module and all that it requires, on standard output.
Packages are where their names are given; one without a file is left out, and is an empty object."""

import json
import re
import sys
from pathlib import Path

REQUIRE = re.compile(r"""\brequire\(\s*['"]([\w@./-]+)['"]\s*\)""")
packages = dict(argument.split("=", 1) for argument in sys.argv[2:])
modules = {}


def find(base, name):
    if not name.startswith("."):
        return packages[name] and Path(packages[name]).resolve()
    path = (base.parent / name).resolve()
    candidates = [path, path.with_name(path.name + ".js"), path / "index.js"]
    return next(candidate for candidate in candidates if candidate.is_file())


def add(path):
    if path in modules:
        return modules[path][0]
    source = path.read_text()
    number = len(modules)
    modules[path] = (number, source, {})
    for name in REQUIRE.findall(source):
        if not name.startswith(".") and name not in packages:
            continue  # said in a comment
        found = find(path, name)
        modules[path][2][name] = add(found) if found else -1
    return number


add(Path(sys.argv[1]).resolve())
print("const modules = [")
for number, source, names in modules.values():
    print(f"[{json.dumps(names)}, function (require, module, exports) {{ {source}\n}}],")
print("""];
const made = [];
function load(number) {
  if (number === undefined) throw new Error("a package was not bundled");
  if (number < 0) return {};
  if (made[number] === undefined) {
    const [names, run] = modules[number], module = (made[number] = { exports: {} });
    run((name) => load(names[name]), module, module.exports);
  }
  return made[number].exports;
}
module.exports = load(0);""")
