#!/bin/sh
# Fuzzes each parser, and the virtual file system, with libFuzzer: fuzz.sh SECONDS. New inputs stay in build/fuzz/corpus; a crash stays, too.
set -eu
cd "$(dirname "$0")/.."
seconds=$1
command -v clang++-19 > /dev/null || apt-get install -y -q --no-install-recommends clang-19 libclang-rt-19-dev
mkdir -p build/fuzz
for name in request_parser multipart query egress_rules vfs cgi_head wagi canonical_json s3_answers; do
  sources=$(ls src/http/*.cc)
  case $name in
    vfs) sources=$(ls src/sandbox/vfs/*.cc) ;;
    egress_rules) sources="$sources src/egress/rules.cc src/egress/addresses.cc src/net/asio.cc" ;;
    cgi_head) sources="$sources src/sandbox/abi/cgi_head.cc" ;;
    canonical_json) sources="$sources src/compat/canonical_json.cc" ;;
    s3_answers) sources="src/storage/s3/answers.cc src/storage/s3/document.cc src/storage/storage.cc" ;;
    wagi) sources="$sources src/compat/wagi/dynamic_routes.cc src/compat/wagi/invoice.cc src/compat/wagi/modules_toml.cc
      src/compat/wagi/module_reference.cc src/compat/wagi/toml_table.cc src/compat/wagi/variables.cc" ;;
  esac
  clang++-19 -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -Isrc -DBOOST_ASIO_NO_DEPRECATED \
    -DBOOST_BEAST_SEPARATE_COMPILATION -DBOOST_ASIO_SEPARATE_COMPILATION -DMAYFLY_VERSION='"fuzz"' \
    -DTOML_HEADER_ONLY=0 -DTOML_SHARED_LIB=1 \
    tests/fuzz/${name}_fuzz.cc $(ls $sources src/base/text.cc src/base/error.cc | grep -v _test) \
    -o build/fuzz/$name -lboost_json -lpugixml -lgtest -lfmt -lcrypto -ltomlplusplus
  mkdir -p "build/fuzz/corpus/$name"
  (cd build/fuzz && ./$name -max_total_time="$seconds" -print_final_stats=1 "corpus/$name" "../../tests/fuzz/corpus/$name")
done
