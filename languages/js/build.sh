#!/bin/sh
# build.sh FOLDER: makes js.wasm there: QuickJS-ng, Ada's URLs and Mbed TLS's hashes, with the driver and the prelude that
# are beside this file. Half a minute.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$here/../common/sources.sh"
packages clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32 libc++-22-dev-wasm32 libc++abi-22-dev-wasm32 >&2

quickjs=$(crate_source rquickjs-sys 0.14.0 cee271d0eeba64f0915b846cb7ae02e16faf3dfdffdca91731101d9d30fe3423)/quickjs
ada=$(crate_source ada-url 4.0.0 c153db7a5a9f8a92a313dff0fecbbb28198542fc98bf024b961baf9896408347)/deps
mbedtls=$(crate_source mbedtls-sys-auto 2.28.15 2fdbd15978db1dec7592cf8864094bcf6f7a101d7f84af15c2423967079982c1)/vendor
streams=$(npm_source web-streams-polyfill 4.3.0 79088822b40c14670896a9a803d981d4e26b66c5e2b4ca7d80cd9c143f6078c4)/dist/ponyfill.mjs

work=$sources/js-objects  # kept, for the next build
mkdir -p "$work"
rm -rf "$work/prelude"
cp -r "$here/prelude" "$work/prelude"
cp "$streams" "$work/prelude/streams.js"
# Modules are named after their files: mayfly:headers, node:buffer.
(cd "$work/prelude" && for file in *.js node/*.js; do
  name=${file%.js}
  case $name in node/*) name=node:${name#node/} ;; *) name=mayfly:$name ;; esac
  printf '{"%s", (const char[]){\n#embed "prelude/%s"\n, 0}, %s},\n' "$name" "$file" "$(wc -c < "$file")"
done) > "$work/prelude.inc"

# WebAssembly has no computed goto: what clang makes of it takes twice the time of a switch.
sed 's/^#define DIRECT_DISPATCH  1$/#define DIRECT_DISPATCH 0/' "$quickjs/quickjs.c" > "$work/quickjs.c"
cmp -s "$work/quickjs.c" "$quickjs/quickjs.c" && { echo "DIRECT_DISPATCH is elsewhere now" >&2; exit 1; }

target='--target=wasm32-wasi -Wno-deprecated --sysroot=/usr -O2'
cat > "$work/new" <<MAKE
own = driver heap native stdio_natives system_natives text_natives url_natives hash_natives http_natives modules
objects = \$(own:=.o) engine.o libregexp.o libunicode.o dtoa.o ada.o stdio_http.o md.o md5.o sha1.o sha256.o sha512.o platform_util.o

$out/js.wasm: \$(objects)
	clang++-22 $target -mexec-model=reactor -fno-exceptions \$^ -lwasi-emulated-process-clocks -lwasi-emulated-signal \
	  -Wl,--stack-first -Wl,-z,stack-size=1048576 -Wl,--strip-all -o \$@
\$(own:=.o): %.o: $here/%.c $here/*.h $here/../common/*.h
	clang-22 $target -std=c23 -Wall -Wextra -Wno-unused-parameter -Wno-c23-extensions -D_GNU_SOURCE -I$quickjs -I$ada \
	  -I$mbedtls/include -I$here/../common -I$work --embed-dir=$work -DMBEDTLS_CONFIG_FILE='"$here/mbedtls_config.h"' -c \$< -o \$@
engine.o: $here/engine.c
	clang-22 $target -w -D_GNU_SOURCE -DNDEBUG -fno-strict-aliasing -D_WASI_EMULATED_PROCESS_CLOCKS \
	  -D_WASI_EMULATED_SIGNAL -I$work -I$quickjs -I$here -c \$< -o \$@
libregexp.o libunicode.o dtoa.o: %.o: $quickjs/%.c
	clang-22 $target -w -D_GNU_SOURCE -DNDEBUG -fno-strict-aliasing -c \$< -o \$@
ada.o: $ada/ada.cpp
	clang++-22 $target -w -std=c++20 -fno-exceptions -fno-rtti -DNDEBUG -DADA_INCLUDE_URL_PATTERN=0 -c \$< -o \$@
stdio_http.o: $here/../common/stdio_http.c
	clang-22 $target -Wall -Wextra -c \$< -o \$@
md.o md5.o sha1.o sha256.o sha512.o platform_util.o: %.o: $mbedtls/library/%.c
	clang-22 $target -w -I$mbedtls/include -DMBEDTLS_CONFIG_FILE='"$here/mbedtls_config.h"' -c \$< -o \$@
MAKE
cmp -s "$work/new" "$work/Makefile" || { rm -f "$work"/*.o; mv "$work/new" "$work/Makefile"; }
rm -f "$work/modules.o" "$out/js.wasm"
make --quiet -j "$(nproc)" -C "$work"
