#!/bin/sh
# Builds the components that have a tool chain's source, or those that are named, into this folder: build.sh [NAME]...
# Debian packages that are missing are installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../../scripts/guest_tools.sh"

[ $# -gt 0 ] || set -- $(cd "$here/rust" && ls http2/*.rs http3/*.rs | sed 's/\.rs$//; s,/,-,')
for name; do
  rust "$here/rust" --example "$name" -- "-Clink-arg=$libc/crt1-reactor.o"
  component "$cache/cargo/wasm32-wasip1/release/examples/$(echo "$name" | tr - _).wasm" "$here/$name.wasm"
  wc -c "$here/$name.wasm"
done
