#!/bin/sh
# Starts build/release/mayfly with the example functions deployed, and says what to try. Ctrl-C ends it.
set -eu
cd "$(dirname "$0")/.."
mayfly=${MAYFLY_BINARY:-build/release/mayfly}
address=${MAYFLY_LISTEN:-127.0.0.1:8080}
data=${MAYFLY_DATA:-.mayfly}
url=http://$address

mkdir -p "$data"
"$mayfly" up --listen "$address" --data "$data" --log "$data/mayfly.log" &
server=$!
trap 'kill "$server" 2> /dev/null || true; wait "$server" || true' EXIT
trap 'exit 0' INT TERM

until curl -sf -o /dev/null "$url/_mayfly/v1/health"; do
  kill -0 "$server" 2> /dev/null || exit 1
  sleep 0.1
done

deploy() { "$mayfly" deploy --server "$url" "$@" > /dev/null; }
for name in answer hello-wat hello-as hello-c hello-go sudoku greet-handle hello-exec fibonacci http-hello http3-stream typed-calc; do
  deploy "examples/$name/$name.wasm"
done
deploy examples/name-twice/name_twice.wasm --name name-twice
deploy examples/cgi-env/cgi-env.wasm --cgi
for name in clean greet sign; do
  deploy "examples/pipeline/$name.wat"
done
deploy examples/pipeline
deploy languages/js/hello.js --name hello-js
deploy languages/python/hello.py --name hello-python

cat << TEXT

Example functions (sources in examples/):
$("$mayfly" list --server "$url" | sed 's/^/  /')

Try:
  curl '$url/hello-c?name=Ada'
  curl '$url/sudoku?puzzle=53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79'
  curl -d '{"name":"John"}' $url/name-twice
  curl --no-buffer $url/http3-stream
  curl '$url/hello-python?name=Ada'

And a function of your own, a module or source (docs/languages has JavaScript, TypeScript, Python, Ruby, Perl, Lua, Go, PHP, Prolog, C):
  curl -T hello.wasm $url/_mayfly/v1/functions/hello
  curl -T languages/js/hello.js $url/_mayfly/v1/functions/mine

The log is $data/mayfly.log; Ctrl-C stops the server.
TEXT
wait "$server"
