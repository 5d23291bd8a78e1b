#!/bin/sh
# Builds the components that have a tool chain's source, or those that are named, into this folder: build.sh [NAME]...
# Debian packages that are missing are installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
. "$root/scripts/guest_tools.sh"

build() {
  case $1 in
    *-c) c_component "${1%-c}" "$here/c/${1%-c}.c" "$here/$1.wasm" ;;
    *)
      rust "$here/rust" --example "$1" -- "-Clink-arg=$libc/crt1-reactor.o"
      component "$cache/cargo/wasm32-wasip1/release/examples/$(echo "$1" | tr - _).wasm" "$here/$1.wasm"
      ;;
  esac
}

[ $# -gt 0 ] || set -- $(cd "$here" && ls rust/http?/*.rs c/*.c | sed 's,^rust/\(.*\)/\(.*\)\.rs$,\1-\2,; s,^c/\(.*\)\.c$,\1-c,')
for name; do
  build "$name"
  wc -c "$here/$name.wasm"
done
