#!/bin/sh
# What a reader must be able to rely on, checked: layout, layers, file sizes.
set -eu
cd "$(dirname "$0")/.."
git ls-files 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' 'bench/*.cc' 'bench/*.h' | xargs clang-format-19 --dry-run --Werror
python3 tools/check_layers.py
python3 tools/check_sizes.py
