#!/bin/sh
# build.sh FOLDER: makes prolog.wasm there: ichiban/prolog with the driver. Half a minute.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/languages/prolog
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$root/languages/common/sources.sh"
. "$root/languages/common/go.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/common"
cp -r "$root/languages/common/go" "$work/common/go"
cp -r "$here" "$work/prolog"
cd "$work/prolog"
go_reactor "$out/prolog.wasm"
