#!/bin/sh
# Makes the Python environment of tests/e2e/requirements.txt, once for each content of that file, in the user's cache
# folder, and prints where it is.
set -eu
cd "$(dirname "$0")/.."
python=/usr/bin/python3
key=$( (cat tests/e2e/requirements.txt; "$python" --version) | sha256sum | cut -c1-16)
made=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/test-python/$key

if [ ! -f "$made/complete" ]; then
  echo "Installing what tests/e2e/requirements.txt names: about a minute, once." >&2
  rm -rf "$made"
  "$python" -m venv "$made"
  "$made/bin/pip" install --quiet --disable-pip-version-check --requirement tests/e2e/requirements.txt >&2
  touch "$made/complete"
fi
echo "$made"
