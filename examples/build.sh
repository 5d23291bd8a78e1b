#!/bin/sh
# Builds the examples, or those that are named, into their folders: build.sh [NAME]...
# Debian packages that are missing are installed; Node.js (20 or newer) and Go (1.21 or newer) must be there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$here/..
. "$root/scripts/guest_tools.sh"

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

# A component of a WIT file and C that has its exports, under the names that the component model gives them.
bare_component() {
  packages clang-22 lld-22
  clang-22 --target=wasm32 -nostdlib -Oz -Wall -Wextra "$here/$1.c" -Wl,--no-entry,--strip-all -o "$cache/core.wasm"
  wasm_tools component embed "$here/$1.wit" "$cache/core.wasm" -o "$cache/embedded.wasm"
  wasm_tools component new "$cache/embedded.wasm" -o "$cache/component.wasm"
  wasm_tools strip --all "$cache/component.wasm" -o "$cache/out.wasm"
  place "$cache/out.wasm" "$1.wasm"
}

rust_module() {
  folder=$1 module=$2
  shift 2
  rust "$here/$folder" -- "$@"
  shrink "$cache/cargo/wasm32-wasip1/release/$module" "$folder/$module"
}

rust_component() {
  rust "$here/$1" -- "-Clink-arg=$libc/crt1-reactor.o"
  component "$cache/cargo/wasm32-wasip1/release/$(echo "$1" | tr - _).wasm" "$here/$1/$1.wasm"
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
    fibonacci | hello-exec | http-hello | http3-stream | s3) rust_component "$1" ;;
    greet-handle) c_handle greet-handle/greet-handle.c greet-handle/greet-handle.wasm ;;
    hello-as) assemblyscript hello-as/hello-as.ts hello-as/hello-as.wasm ;;
    hello-c) c_command hello-c/hello-c.c hello-c/hello-c.wasm ;;
    hello-go) go_command hello-go hello-go/hello-go.wasm ;;
    hello-wat) wat hello-wat/hello.wat hello-wat/hello-wat.wasm ;;
    name-twice)
      rust_module name-twice name_twice.wasm
      bundle name-twice metadata.json name_twice.wasm
      ;;
    sudoku) rust_module sudoku sudoku.wasm -Clink-arg=$libc/crt1-command.o ;;
    tcp-backend) c_handle tcp-backend/tcp-backend.c tcp-backend/tcp-backend.wasm ;;
    typed-calc) bare_component typed-calc/typed-calc ;;
    *) echo "build.sh: there is no example $1" >&2; exit 1 ;;
  esac
}

[ $# -gt 0 ] || set -- \
  answer cgi-env fibonacci greet-handle hello-as hello-c hello-exec hello-go hello-wat http-hello http3-stream \
  name-twice s3 sudoku tcp-backend typed-calc
for name; do
  build "$name"
done
cd "$here"
for name; do
  wc -c "$name"/*.wasm | grep -v total
done
