#!/bin/sh
# build.sh FOLDER: makes go.wasm there: yaegi, with the part of the standard library that a function can use. A minute or two.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/languages/go
out=$(mkdir -p "$1" && cd "$1" && pwd)
. "$root/languages/common/sources.sh"
. "$root/languages/common/go.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/common"
cp -r "$root/languages/common/go" "$work/common/go"
cp -r "$here" "$work/go"
cd "$work/go"

# What yaegi knows of the standard library is a file for each package. Left out: what there is nothing for in a sandbox.
go_here mod download github.com/traefik/yaegi
yaegi=$(go_here list -m -f '{{.Dir}}' github.com/traefik/yaegi)/stdlib
mkdir stdlib
for file in "$yaegi"/go1_22_*.go; do
  case ${file##*/go1_22_} in
    debug_* | go_* | testing* | net_rpc* | database* | expvar* | image* | net_http_[cfp]* | net_http_httptrace* | runtime_* | \
      os_signal* | os_user* | log_syslog* | net_smtp* | index* | crypto_x509* | crypto_tls* | crypto_dsa* | archive_tar* | \
      cmp.go | maps.go | slices.go) ;;
    *) install -m 644 "$file" stdlib ;;
  esac
done
install -m 644 "$yaegi"/stdlib.go "$yaegi"/maptypes.go "$yaegi"/restricted.go "$yaegi"/wrapper-composed.go stdlib
go_reactor "$out/go.wasm" ./driver
