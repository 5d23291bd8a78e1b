#!/bin/sh
# Fuzzes each parser, and the virtual file system, with libFuzzer: fuzz.sh SECONDS. New inputs stay in build/fuzz/corpus; a crash stays, too.
set -eu
cd "$(dirname "$0")/.."
seconds=$1
command -v clang++-19 > /dev/null || apt-get install -y -q --no-install-recommends clang-19 libclang-rt-19-dev
mkdir -p build/fuzz
for name in request_parser multipart query egress_rules vfs; do
  case $name in
    vfs) sources="$(ls src/sandbox/vfs/*.cc)" libraries=-lgtest ;;
    egress_rules) sources="$(ls src/http/*.cc) src/egress/rules.cc src/egress/addresses.cc src/net/asio.cc" libraries=-lboost_json ;;
    *) sources="$(ls src/http/*.cc)" libraries=-lboost_json ;;
  esac
  clang++-19 -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -Isrc -DBOOST_ASIO_NO_DEPRECATED \
    -DBOOST_BEAST_SEPARATE_COMPILATION -DBOOST_ASIO_SEPARATE_COMPILATION -DMAYFLY_VERSION='"fuzz"' \
    tests/fuzz/${name}_fuzz.cc $(ls $sources src/base/text.cc src/base/error.cc | grep -v _test) \
    -o build/fuzz/$name $libraries -lfmt -lcrypto
  mkdir -p "build/fuzz/corpus/$name"
  (cd build/fuzz && ./$name -max_total_time="$seconds" -print_final_stats=1 "corpus/$name" "../../tests/fuzz/corpus/$name")
done
