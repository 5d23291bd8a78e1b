#!/bin/sh
# What is too long for every change: the tests under sanitizers, and fuzzing.
# test_long.sh [SECONDS of fuzzing per target, 1200 unless given]
set -eu
cd "$(dirname "$0")/.."

scripts/s3_setup.sh > /dev/null
scripts/build.sh asan
# Guests run on stacks of their own and trap by signals: both are unusual, neither is a bug.
ASAN_OPTIONS=detect_stack_use_after_return=0:handle_segv=0:detect_leaks=1 ctest --preset asan
# But for those that measure memory, which the sanitizer keeps.
ASAN_OPTIONS=detect_stack_use_after_return=0:handle_segv=0:detect_leaks=0 \
  /usr/bin/python3 -m pytest -q tests/e2e --mayfly build/asan/mayfly \
  -k 'not little_memory and not headers_without_end and not larger_than_what_is_held and not flood'

scripts/build.sh tsan
ctest --preset tsan -L unit -E '^(sandbox|invoke)$'  # guests switch stacks, which this sanitizer cannot follow

scripts/fuzz.sh "${1:-1200}"
