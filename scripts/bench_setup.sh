#!/bin/sh
# Installs what bench/ needs and is not there yet: bench_setup.sh [tools|peers]
#
# tools: what measures (wrk, valgrind, Google Benchmark). peers, and without an argument both: what mayfly is compared
# with: nginx, Node.js, lighttpd, php-cgi and waitress from Debian, wasmtime from Cargo (about 8 minutes of one core) and
# workerd from npm in the user's cache folder. A peer that cannot be installed is named and left out.
set -u
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/bench
wasmtime_version=48.0.8  # of the engine
workerd_version=1.20261117.1

as_root=""
[ "$(id -u)" -eq 0 ] || as_root=sudo

# debian COMMAND_OR_FILE PACKAGE...
debian() {
  command -v "$1" > /dev/null || [ -e "$1" ] || [ -x "/usr/sbin/$1" ] && return 0
  shift
  echo "Installing: $*"
  $as_root apt-get update -q > /dev/null &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" > /dev/null
}

install_wasmtime() {
  "$cache/wasmtime/bin/wasmtime" --version 2> /dev/null | grep -qF "$wasmtime_version" && return 0
  echo "Building wasmtime-cli $wasmtime_version: about 8 minutes of one core, once."
  . scripts/rust.sh || return 1
  RUSTC=$RUSTC "$CARGO" install wasmtime-cli --version "$wasmtime_version" --locked --quiet --no-default-features \
    --features serve,run,cranelift,pooling-allocator,parallel-compilation,component-model,component-model-async,wat \
    --root "$cache/wasmtime" --target-dir "$cache/wasmtime-target" && rm -rf "$cache/wasmtime-target"
}

install_workerd() {
  mkdir -p "$cache/workerd"
  grep -qsF "\"version\": \"$workerd_version\"" "$cache/workerd/node_modules/workerd/package.json" && return 0
  debian npm npm || return 1
  npm install --prefix "$cache/workerd" --ignore-scripts --no-fund --no-audit --silent "workerd@$workerd_version"
}

without() { echo "bench: without $1: it could not be installed" >&2; }

case ${1:-all} in
  tools | all)
    debian wrk wrk && debian valgrind valgrind && debian /usr/include/benchmark/benchmark.h libbenchmark-dev || exit 1 ;;
esac
case ${1:-all} in
  peers | all)
    debian nginx nginx-light || without nginx
    debian node nodejs || without Node.js
    debian lighttpd lighttpd || without "CGI"
    debian php-cgi8.2 php8.2-cgi || without "php-cgi"
    debian /usr/lib/python3/dist-packages/waitress python3-waitress || without waitress
    install_wasmtime || without "wasmtime serve"
    install_workerd || without workerd ;;
esac
exit 0
