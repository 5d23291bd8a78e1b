#!/bin/sh
# Compiles every header of src/ by itself: each includes what it uses.
set -eu
cd "$(dirname "$0")/.."
scripts/build.sh dev > /dev/null
flags=$(python3 -c '
import json, re
command = next(c["command"] for c in json.load(open("build/dev/compile_commands.json")) if c["file"].endswith("cli/up.cc"))
print(re.sub(r" -o \S+ -c \S+", "", command.split(" ", 1)[1]).replace("\\\"", "\""))')
git ls-files 'src/*.h' | xargs -P "$(nproc)" -I {} sh -c \
  "g++ $flags -Ibuild/engine/include -fsyntax-only -x c++ {} || exit 255"
