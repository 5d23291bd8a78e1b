#!/bin/sh
# Installs what building and testing mayfly needs and is not there yet: Debian packages, and Debian's Rust where the
# machine has none of at least 1.95. Asks for nothing when nothing is missing.
set -eu
cd "$(dirname "$0")/.."

packages="
  g++ cmake ninja-build mold pkg-config ca-certificates curl
  libboost1.81-dev libboost-json1.81-dev libpugixml-dev
  libssl-dev libcurl4-openssl-dev libsqlite3-dev libzip-dev libxxhash-dev libjemalloc-dev
  libfmt-dev libexpected-dev libcli11-dev libtomlplusplus-dev prometheus-cpp-dev
  libgtest-dev clang-format-19 python3 python3-pytest python3-venv strace"

missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing="$missing $package"
done
(. scripts/rust.sh) > /dev/null 2>&1 || missing="$missing rustc-web cargo-web"
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo > /dev/null || { echo "Run as root, or install:$missing" >&2; exit 1; }
  as_root=sudo
fi
echo "Installing:$missing"
$as_root apt-get update -q
# shellcheck disable=SC2086  # the lists are words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
