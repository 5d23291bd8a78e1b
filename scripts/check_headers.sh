#!/bin/sh
# Compiles every header of src/ by itself, after the dev preset is built: each includes what it uses.
set -eu
cd "$(dirname "$0")/.."
flags=$(python3 -c '
import json, re
command = next(c["command"] for c in json.load(open("build/dev/compile_commands.json")) if c["file"].endswith("cli/up.cc"))
print(re.sub(r" -o \S+ -c \S+", "", command.split(" ", 1)[1]).replace("\\\"", "\""))')
export flags="$flags -Ibuild/engine/include -DMAYFLY_SOURCE_DIR=\"\""
git ls-files 'src/*.h' | sed 's|^src/||' | xargs -P "$(nproc)" -I {} sh -c \
  'echo "#include \"{}\"" | g++ $flags -fsyntax-only -x c++ - || { echo "in {}" >&2; exit 255; }'
