# Sourced: sets CARGO and RUSTC to a Rust toolchain of at least 1.95, the machine's own or Debian's.
new_enough() {
  command -v "$1" > /dev/null 2>&1 &&
    "$1" --version | awk '{ split($2, v, "."); exit !(v[1] > 1 || v[2] >= 95) }'
}

if new_enough rustc && new_enough cargo; then
  RUSTC=$(command -v rustc)
  CARGO=$(command -v cargo)
elif new_enough /usr/bin/rustc && new_enough /usr/bin/cargo; then
  RUSTC=/usr/bin/rustc
  CARGO=/usr/bin/cargo
else
  echo "No Rust toolchain >= 1.95: run scripts/bootstrap.sh, which installs Debian's." >&2
  exit 1
fi
