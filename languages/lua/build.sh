#!/bin/sh
# build.sh FOLDER: makes lua.wasm there: Lua, and dkjson of the Debian package, with the driver. Ten seconds.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/languages/lua
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$root/languages/common/sources.sh"
packages clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32 >&2

lua=$(crate_source lua-src 551.1.0 41d22b201501a536c0f5a96c7589b268b559172b20fb029064434e38ddcecb1f)/lua-5.4.9
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# dkjson 2.6 is one file: its licence is in it.
apt-get -q -q -o APT::Sandbox::User="$(id -un)" download lua-dkjson >&2
dpkg-deb -x lua-dkjson_*.deb package
cp package/usr/share/lua/5.4/dkjson.lua .
echo "bdb71dbe2863e9567d5a9a926faed1cfc4c12e04741a3e9009d334df25b9748c  dkjson.lua" | sha256sum --check --quiet >&2

target='--target=wasm32-wasi -Wno-deprecated --sysroot=/usr -O2'
errors='-mllvm -wasm-enable-sjlj -mllvm -wasm-use-legacy-eh=false'
for source in "$lua"/l*.c; do
  case ${source##*/} in lua.c | luac.c) continue ;; esac
  echo "clang-22 $target $errors -w -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -I$here -include io_here.h -c $source"
done > commands
for source in "$here"/*.c "$root/languages/common/"*.c; do
  echo "clang-22 $target $errors -std=c23 -Wall -Wextra -Wno-c23-extensions -I$lua -I$here -I$root/languages/common --embed-dir=. --embed-dir=$here -c $source"
done >> commands
xargs -P "$(nproc)" -I '{}' sh -c '{}' < commands
clang-22 $target -mexec-model=reactor ./*.o "$here/tag.s" -lwasi-emulated-signal -lwasi-emulated-process-clocks -lm \
  -Wl,--stack-first -Wl,-z,stack-size=1048576 -Wl,--strip-all -o lua.wasm
install -m 644 lua.wasm "$out/lua.wasm"
