#!/bin/sh
# Builds engine/ once and links it into the tree: build_engine.sh DESTINATION [asan]
#
# The result is cached by the content of engine/ and the compiler's version in the user's cache folder, so a
# second clone pays nothing. DESTINATION becomes a link to lib/libmayfly_engine.a and include/.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
destination=$1
flavour=${2:-plain}

. "$root/scripts/rust.sh"
key=$( (cd "$root/engine" && cat Cargo.toml Cargo.lock build.rs cbindgen.toml && find src -name "*.rs" -o -name "*.wat" | LC_ALL=C sort | xargs cat; "$RUSTC" --version; echo "$flavour") |
  sha256sum | cut -c1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/engine/$key

if [ ! -f "$cache/complete" ]; then
  echo "Building the engine (Wasmtime): about 4 minutes on 2 cores, once."
  target=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/engine-target-$flavour
  flags=""
  [ "$flavour" = asan ] && flags="--cfg asan"
  (cd "$root/engine" && CARGO_TARGET_DIR="$target" RUSTFLAGS="$flags" RUSTC="$RUSTC" \
    "$CARGO" build --release --locked)
  header=$(ls -t "$target"/release/build/mayfly-engine-*/out/mayfly_engine.h | head -n 1)
  wasmtime_include=$(cd "$root/engine" && "$CARGO" metadata --format-version 1 --locked |
    python3 -c 'import json, os, sys
for package in json.load(sys.stdin)["packages"]:
    if package["name"] == "wasmtime-c-api-impl":
        print(os.path.join(os.path.dirname(package["manifest_path"]), "include"))')

  made=$cache.tmp.$$
  rm -rf "$made"
  mkdir -p "$made/lib" "$made/include"
  cp "$target/release/libmayfly_engine.a" "$made/lib/"
  cp -r "$wasmtime_include/." "$made/include/"
  cp "$header" "$made/include/"
  # conf.h says which features the library was built with; it is made from its template as cmake would.
  python3 "$root/scripts/engine_conf.py" "$root/engine/Cargo.toml" "$made/include/wasmtime/conf.h.in" \
    > "$made/include/wasmtime/conf.h"
  touch "$made/complete"
  rm -rf "$cache"
  mv "$made" "$cache"
fi

mkdir -p "$(dirname "$destination")"
ln -sfn "$cache" "$destination"
