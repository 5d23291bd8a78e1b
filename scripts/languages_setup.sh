#!/bin/sh
# Builds the languages of languages/*/build.sh whose sources are not in the user's cache folder yet, and prints the folder
# that has one of each: NAME/language.toml and the modules it names.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
made=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/languages
mkdir -p "$made" build/languages

for script in languages/*/build.sh; do
  folder=$(dirname "$script")
  name=$(basename "$folder")
  key=$(find "$folder" languages/common scripts/guest_tools.sh scripts/languages_setup.sh -type f \
      ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
  built=$made/$name-$key
  if [ ! -d "$built" ]; then
    echo "Building languages/$name, once for each state of its sources." >&2
    rm -rf "$built.part"
    mkdir -p "$built.part"
    "$script" "$built.part" >&2
    cp "$folder"/language.toml "$folder"/hello.* "$built.part"
    mv -T "$built.part" "$built"
  fi
  ln -sfn "$built" "build/languages/$name"
done
echo "$root/build/languages"
