#!/bin/sh
# build.sh FOLDER: makes translate.js there: sucrase, with what it needs and translate.js beside this file, as one script
# for the interpreter of JavaScript.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$here/../common/sources.sh"

sucrase=$(npm_source sucrase 3.35.1 fa555afbe97fb4f4866084a8838cb66ff520aa1adcd211269b2708afda4bc9bf)
lines=$(npm_source lines-and-columns 1.2.4 471f92d12385192f3c12006295a25cef335a711b071f9a146047ffac53a29a9c)
checker=$(npm_source ts-interface-checker 0.1.13 98f799dc404eedd94c52b1e0f18699dc0e34c5d599e40cb8ea5abc0e102dcafd)
# No source map is asked for: lines stay where they are.
/usr/bin/python3 "$here/bundle.py" "$here/translate.js" "sucrase=$sucrase/dist/index.js" \
  "lines-and-columns=$lines/build/index.js" "ts-interface-checker=$checker/dist/index.js" \
  "@jridgewell/gen-mapping=" > "$out/translate.js"
