#!/bin/sh
# Builds python.wasm into a folder: CPython and zlib from Debian's sources, which are upstream's, the standard library,
# mayfly/ and the time zones of PyPI's tzdata in the module, and the driver. Three minutes. The bytecode is made by Debian's
# Python, which has to be of the same release.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/languages/python
out=$(mkdir -p "$1" && cd "$1" && pwd)
python=/usr/bin/python3.11
python_sha256=2411c74bda5bbcfcddaf4531f66d1adc73f247f529aee981b029513aefdbf849  # 3.11.2
zlib_sha256=71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1    # 1.2.13
tzdata_version=2026.6
tzdata_sha256=0a10eec6e13ef16b627fabed9a5f2ba61a62b1c67f327305f4e7e412a70b4aec
stack_bytes=4194304  # beside the engine's stack, whose end is to come first: 1.5 MiB of it
jobs=$(nproc)

(. "$root/scripts/guest_tools.sh" && packages clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32 binutils make \
  python3.11-minimal libpython3.11-stdlib python3-pip bzip2) >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Source packages, from where the machine has its packages from, without a change of what it knows of them.
mkdir -p apt/parts apt/lists/partial apt/cache/archives/partial
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  [ -f "$list" ] || continue
  sed -e 's/^deb /deb-src /' -e 's/^Types:.*/Types: deb-src/' "$list" > "apt/parts/${list##*/}"
  case $list in */sources.list) mv apt/parts/sources.list apt/parts/main.list ;; esac
done
from_sources() {
  apt-get -q -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/apt/parts" \
    -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@" >&2
}

# unpacked PACKAGE SHA256: the source that a package is made from, in a folder of its own.
unpacked() {
  mkdir "$1"
  (cd "$1" && from_sources source --download-only --tar-only "$1")
  echo "$2  $(echo "$1"/*.orig.tar.*)" | sha256sum --check --quiet >&2
  tar -xf "$1"/*.orig.tar.* -C "$1" --strip-components=1
}
from_sources update
unpacked python3.11 "$python_sha256"
unpacked zlib "$zlib_sha256"
echo "tzdata==$tzdata_version --hash=sha256:$tzdata_sha256" > tzdata.txt
"$python" -m pip install --quiet --root-user-action ignore --no-deps --no-compile --target tzdata -r tzdata.txt >&2
sed -i 's/define MAXSTACK 4000/define MAXSTACK 6000/' python3.11/Parser/parser.c  # as elsewhere: this stack is large enough

# The machine's own headers and libraries are not to be found.
mkdir -p sysroot/include sysroot/lib build zlib/objects
ln -s /usr/include/wasm32-wasi sysroot/include/
ln -s /usr/lib/wasm32-wasi sysroot/lib/
export CC="clang-22 --target=wasm32-wasi --sysroot=$work/sysroot -Wno-deprecated" AR=ar RANLIB=true
export SOURCE_DATE_EPOCH=1675728000 PYTHONHASHSEED=0  # builds are equal
optimize="-O2 -g0 -w -Wno-int-conversion"

cd zlib
$CC $optimize -c adler32.c crc32.c deflate.c inflate.c inffast.c inftrees.c trees.c zutil.c
ar rcs libz.a ./*.o

# The modules that are left out have no use without threads, or their libraries are not there.
cd ../build
CONFIG_SITE=../python3.11/Tools/wasm/config.site-wasm32-wasi PKG_CONFIG=false \
  ZLIB_CFLAGS="-I$work/zlib" ZLIB_LIBS="-L$work/zlib -lz" \
  ../python3.11/configure --quiet --host=wasm32-unknown-wasi --build="$(uname -m)-pc-linux-gnu" \
  --with-build-python="$python" --with-pymalloc --disable-test-modules --with-ensurepip=no \
  CFLAGS="$optimize" OPT="-DNDEBUG $optimize" \
  py_cv_module__crypt=n/a py_cv_module__lsprof=n/a py_cv_module__lzma=n/a py_cv_module__uuid=n/a \
  py_cv_module_audioop=n/a >&2
make --silent -j "$jobs" libpython3.11.a >&2
cd ..

mkdir library objects
"$python" "$here/freeze.py" library tzdata/tzdata/zoneinfo "$here/mayfly" python3.11/Lib
headers="-Ipython3.11/Include -Ibuild -I$root/languages/common -I$here"
for table in library zones; do $CC -std=c2x -O2 $headers -c library/$table.c -o objects/$table.o; done
for source in "$here"/*.c "$root"/languages/common/*.c; do
  $CC -std=c11 -O2 -Wall -Wextra -Wno-unused-parameter $headers -c "$source" -o "objects/$(basename "$source" .c).o"
done
$CC -mexec-model=reactor objects/*.o build/libpython3.11.a build/Modules/_decimal/libmpdec/libmpdec.a \
  build/Modules/expat/libexpat.a zlib/libz.a \
  -lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks -lc-printscan-long-double -lm \
  -Wl,-z,stack-size="$stack_bytes" -Wl,--stack-first -Wl,--strip-all -o python.wasm
install -m 644 python.wasm "$out/python.wasm"
