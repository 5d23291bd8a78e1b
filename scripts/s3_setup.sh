#!/bin/sh
# Builds the S3 server that tests use, once: versitygw, in the user's cache folder. Prints the path of the binary. Takes
# the machine's Go, or Debian's; where that is older than 1.21, which fetches a newer toolchain by itself, the toolchain
# comes as the module that it is.
set -eu
version=v1.8.0
toolchain=1.25.0  # that versitygw wants at least
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/versitygw/$version

build() {
  if ! command -v go > /dev/null; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -q
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends golang-go
  fi
  case $(go version) in
    *" go1."[0-9][." "]* | *" go1.1"[0-9][." "]* | *" go1.20"[." "]*)
      module=golang.org/toolchain@v0.0.1-go$toolchain.linux-$(go env GOARCH)
      go mod download "$module"
      GOROOT=$(go env GOMODCACHE)/$module
      export GOROOT
      chmod u+x "$GOROOT"/bin/* "$GOROOT"/pkg/tool/*/*
      PATH=$GOROOT/bin:$PATH ;;
  esac
  echo "Building versitygw $version: about two minutes, once."
  GOTOOLCHAIN=auto GOBIN=$cache/new go install "github.com/versity/versitygw/cmd/versitygw@$version"
  mv "$cache/new/versitygw" "$cache/versitygw"
}

[ -x "$cache/versitygw" ] || build >&2
echo "$cache/versitygw"
