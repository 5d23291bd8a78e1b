#!/bin/sh
# Builds one CMake preset, the engine first: build.sh dev|release|asan|tsan
set -eu
cd "$(dirname "$0")/.."
preset=$1
case $preset in
  asan) scripts/build_engine.sh build/engine-asan asan ;;
  *) scripts/build_engine.sh build/engine ;;
esac
mkdir -p build
cmake --preset "$preset" > "build/$preset-configure.log" 2>&1 || { cat "build/$preset-configure.log" >&2; exit 1; }
cmake --build --preset "$preset"
