#include "base/error.h"

#include "base/check.h"

#include <array>

namespace mayfly {
namespace {

using enum ErrorCode;

constexpr std::array kCatalogue = {
    ErrorEntry{kNotWasm, 400, "not-wasm", "Not a WebAssembly module",
               "The upload is neither a WebAssembly binary (it starts with the bytes 00 61 73 6d) nor WebAssembly "
               "text (it starts with `(module`). Upload the .wasm file your compiler wrote, with "
               "`curl -T hello.wasm`; `curl -d @hello.wasm` damages binary files, use `--data-binary`."},
    ErrorEntry{kBadModule, 422, "bad-module", "Malformed or unsupported module",
               "The file starts like WebAssembly but does not validate; the detail names the byte offset. Check it "
               "with `wasm-tools validate`. A truncated upload is the usual reason."},
    ErrorEntry{kNoEntryPoint, 422, "no-entry-point", "No entry point",
               "Export one of `_start` (a WASI command), `run` (returns a number), `handle` or `handler`, or name "
               "an export without parameters: `?entry=NAME` on the upload URL, `--entry NAME` with mayfly deploy. A "
               "component exports a wasi:http handler, wasi:cli/run, or functions of its own."},
    ErrorEntry{kUnknownImport, 422, "unknown-import", "Unknown import",
               "The module imports something this server does not provide; the detail names each one. WASI preview1 "
               "(`wasi_snapshot_preview1`) and the `env` functions listed in docs/abi.md are provided, to components "
               "WASI 0.2 and 0.3, wasi:config, wasi:logging and wasi:keyvalue. "
               "Emscripten programs need `-sSTANDALONE_WASM`; wasm-bindgen modules need a browser."},
    ErrorEntry{
        kUnsupportedType, 422, "unsupported-type", "A function with a type that JSON cannot carry",
        "A component that exports functions of its own is called with JSON: their parameters and results may have "
        "any WIT type but resources, streams, futures, error-contexts, maps and lists of fixed length. The detail "
        "names the function. Export an interface without them, a wasi:http handler, or wasi:cli/run."},
    ErrorEntry{kOverPoolLimit, 422, "over-engine-limit", "Module larger than the engine allows",
               "The module declares more memories, tables or table elements than one instance may have. The detail "
               "names the limit."},
    ErrorEntry{kBadName, 400, "bad-name", "Bad function name",
               "A name has 1 to 63 characters from a-z, A-Z, 0-9, '-', '_' and '.', and starts with a letter or a "
               "digit."},
    ErrorEntry{kReservedName, 409, "reserved-name", "Reserved function name",
               "`_mayfly`, `api`, `bucket`, `file` and `exec` are paths of the server itself, and a module of the "
               "watched folder keeps its name. Choose another."},
    ErrorEntry{kBadOption, 400, "bad-option", "Bad option",
               "A query parameter of the upload URL, or an option of the command, has a value that cannot be used. "
               "The detail names it and what it may be."},
    ErrorEntry{kBadMultipart, 400, "bad-multipart", "Malformed multipart/form-data",
               "The upload is not well-formed multipart/form-data (RFC 7578). `curl -F file=@bundle.zip URL` makes "
               "one that is."},
    ErrorEntry{
        kBadBundle, 400, "bad-bundle", "Bad bundle",
        "A bundle is a zip file of at most 1000 plain files with relative paths, 64 MiB in all when unpacked: "
        "no symbolic links, no `..`, no absolute or duplicate names. Its module is the one that a function.toml at "
        "its root names (`module = \"app.wasm\"`), or metadata.json, or the only one there. The detail says what is "
        "wrong."},
    ErrorEntry{kBadMetadata, 400, "bad-metadata", "Bad metadata.json",
               "The bundle needs a metadata.json at its root: "
               "{\"language\": \"wasm\", \"entrypointFile\": \"function.wasm\"}, naming a file of the bundle."},
    ErrorEntry{
        kBadPipeline, 422, "bad-pipeline", "Not a pipeline",
        "A pipeline is `stages = [\"clean\", \"hello\"]`, TOML: 1 to 16 names of functions that are deployed, of any "
        "kind but typed ones, and not itself. The detail says what is wrong. docs/pipelines.md has more."},
    ErrorEntry{
        kBadComposition, 422, "bad-composition", "The components do not fit",
        "`compose` names functions that are deployed, and are components that export what the upload, or one named "
        "before, imports, with the same types. The detail says what does not fit."},
    ErrorEntry{kUnknownLanguage, 422, "unknown-language", "No interpreter for the language",
               "The detail says which languages this server has. What the source is written in can be said with "
               "?language=NAME, `language` in function.toml or metadata.json, or the ending of the file name."},
    ErrorEntry{kBadSource, 422, "bad-source", "The source cannot be loaded",
               "Source is loaded once, when it is deployed: its top level runs then, without network and without "
               "files but its own. The detail has what the interpreter of the language says, with file and line."},
    ErrorEntry{kTrap, 500, "trap", "The function trapped",
               "The function stopped with a WebAssembly trap: a panic, an abort, an access out of bounds. Its stack "
               "trace is in the function log of the server, under the request id of this response."},
    ErrorEntry{kExitCode, 500, "exit-code", "The function exited with an error",
               "The function called proc_exit with a code other than 0. What it wrote to stderr is in the function "
               "log of the server, under the request id of this response."},
    ErrorEntry{kOutOfMemory, 500, "out-of-memory", "The function ran out of memory",
               "The function asked for more than its memory limit. Raise it with `?memory=256MiB` on the upload URL "
               "or `--memory 256MiB`, or make the function use less."},
    ErrorEntry{kTooSlow, 504, "too-slow", "The function took too long",
               "The function passed its limit of CPU time or of wall-clock time; the detail says which. Raise it with "
               "`?timeout=60s` on the upload URL or `--timeout 60s`."},
    ErrorEntry{kResponseTooLarge, 500, "response-too-large", "The response is too large",
               "The function wrote more than its response limit (16 MiB unless configured)."},
    ErrorEntry{kNoSuchExport, 500, "no-such-export", "The entry point is missing",
               "The route names an export that its module does not have, or that takes parameters; the detail lists "
               "those there are. Correct `entrypoint` in modules.toml, or what `_routes` prints."},
    ErrorEntry{kNoCgiHeaders, 500, "no-cgi-headers", "No CGI headers",
               "A CGI function writes header lines, an empty line, then the body. At least one of Content-Type, "
               "Status or Location is needed (RFC 3875 section 6)."},
    ErrorEntry{kBadCgi, 502, "bad-cgi-headers", "Bad CGI headers",
               "A Status is a number from 200 to 599, then the reason (`Status: 404 Not Found`), and the value of a "
               "header has no control characters. The detail names the line."},
    ErrorEntry{
        kNoResponse, 502, "no-response", "The function gave no response",
        "A `handle` function calls response_set_status_line and response_set_body before it returns; a wasi:http "
        "handler sets its response-outparam."},
    ErrorEntry{kBadResponse, 502, "bad-response", "The function's response is not valid HTTP",
               "A status is 200 to 599; a reason and header values have no control characters; header names are "
               "tokens (RFC 9110 section 5.1); there are at most 100 of them, 64 KiB in all. A body of a wasi:http "
               "handler is finished, and as long as its content-length says."},
    ErrorEntry{
        kFunctionError, 422, "function-error", "The function returned an error",
        "The function is `-> result<_, E>` and returned `err`: the member `value` has it. What it means is for the "
        "function to say; nothing is wrong with the server."},
    ErrorEntry{kException, 500, "exception", "The function threw an exception",
               "Nobody caught what the function threw, or what it returned is no response; the detail says what it "
               "was. The trace is in the function log of the server, under the request id of this response."},
    ErrorEntry{
        kNoJson, 502, "no-json", "The function returned no JSON",
        "At /exec the text that `exec` returns has to be one JSON value; the detail says where it is not. Return "
        "the text of a JSON serialiser."},
    ErrorEntry{kBrokenPipeline, 500, "broken-pipeline", "A stage of the pipeline is missing",
               "The detail names a stage that was removed, or is now what no stage can be. Deploy it again, or deploy "
               "the pipeline without it."},
    ErrorEntry{kUnknownFunction, 404, "unknown-function", "Unknown function",
               "No function has this name here. `mayfly list` shows those that exist; deploy one with "
               "`curl -T hello.wasm http://127.0.0.1:8080/_mayfly/v1/functions/hello`."},
    ErrorEntry{kUnknownVersion, 404, "unknown-version", "Unknown version",
               "The function has no such version. `mayfly show NAME` lists its versions."},
    ErrorEntry{kNotFound, 404, "not-found", "Not found",
               "Nothing answers at this path. Functions answer at /NAME, the API under /_mayfly/v1/."},
    ErrorEntry{kMethodNotAllowed, 405, "method-not-allowed", "Method not allowed",
               "The Allow header of the response lists the methods that this path answers."},
    ErrorEntry{kBadRequest, 400, "bad-request", "Malformed HTTP request",
               "The request is not well-formed HTTP/1.1, or its framing is ambiguous (RFC 9112 section 6.3), and "
               "was refused. The detail says where."},
    ErrorEntry{kUriTooLong, 414, "uri-too-long", "URI too long", "The request target has at most 16 KiB."},
    ErrorEntry{kHeadersTooLarge, 431, "headers-too-large", "Request header too large",
               "A request has at most 100 header lines and 32 KiB of header in all."},
    ErrorEntry{kBodyTooLarge, 413, "body-too-large", "Request body too large",
               "The body passes the limit: 10 MiB for an invocation, 64 MiB for an upload."},
    ErrorEntry{kRequestTimeout, 408, "request-timeout", "The request took too long to arrive",
               "A request header has 10 seconds to arrive, and a body 30 seconds without progress, 10 minutes in all."},
    ErrorEntry{kUnsupportedMediaType, 415, "unsupported-media-type", "Unsupported media type",
               "The detail says which Content-Type this path takes."},
    ErrorEntry{kExpectationFailed, 417, "expectation-failed", "Expectation failed",
               "`Expect: 100-continue` is the only expectation there is (RFC 9110 section 10.1.1)."},
    ErrorEntry{kNotImplemented, 501, "not-implemented", "Not implemented",
               "The server knows no transfer coding but `chunked` (RFC 9112 section 6.1), and no CONNECT."},
    ErrorEntry{kHttpVersion, 505, "http-version", "HTTP version not supported",
               "The server speaks HTTP/1.1 and HTTP/1.0."},
    ErrorEntry{kForeignOrigin, 403, "foreign-origin", "Foreign origin",
               "A web page of another origin may not use the API of this server: the request carries an Origin "
               "header that is not this server's own."},
    ErrorEntry{kForeignHost, 403, "foreign-host", "Foreign host",
               "Without an admin token the API answers only to a Host that is a loopback name, which defeats DNS "
               "rebinding. Use http://127.0.0.1 or http://localhost, or set an admin token."},
    ErrorEntry{kTokenNeeded, 401, "token-needed", "Admin token needed",
               "Send `Authorization: Bearer TOKEN`, or set MAYFLY_TOKEN for the command line. The token was printed "
               "when the server first started, and is in the file admin-token of its data folder."},
    ErrorEntry{kTooManyRequests, 429, "too-many-requests", "The function is busy",
               "The function runs as often at once as its `concurrency` allows, and its queue is full, or this request "
               "waited in it for `queue_time`. Try again after the time in Retry-After, or raise the limits: "
               "`?concurrency=2000&queue=5000` on the upload URL."},
    ErrorEntry{kNewCapabilities, 409, "new-capabilities", "The new version can do more than the last",
               "A version that reaches further than the one before is not made live unasked. When what the detail "
               "lists is meant, deploy with `--accept-capabilities`, or with `?accept=DIGEST` as in the detail."},
    ErrorEntry{
        kBadJson, 400, "bad-json", "The body is not JSON",
        "The body has to be one JSON value (RFC 8259), in UTF-8, nested at most 128 deep. The detail says where it "
        "is not. A typed function is called with an object that has a member for each of its parameters: "
        "`curl -d '{\"a\": 1, \"b\": 2}' URL`."},
    ErrorEntry{kBadArgument, 422, "bad-argument", "The arguments do not fit",
               "The detail has the place in the body, what the type of the function expects there, and what was found. "
               "GET `openapi.json` below the function's URL lists its functions and their types."},
    ErrorEntry{kBadBucketName, 400, "bad-bucket-name", "Bad bucket name",
               "A bucket has 3 to 63 characters from a-z, 0-9, '-' and '.', begins and ends with a letter or a digit, "
               "has no two dots in a row and is not written as an IP address: the rules of S3."},
    ErrorEntry{
        kBadFileName, 400, "bad-file-name", "Bad file name",
        "The name of a file is one segment of the path, of 1 to 1024 bytes of UTF-8 once percent-decoded, without "
        "control characters, and no part of it between slashes (%2F) is empty, `.` or `..`."},
    ErrorEntry{kUnknownBucket, 404, "unknown-bucket", "Unknown bucket",
               "There is no such bucket. Make it with `curl -X PUT http://127.0.0.1:8080/bucket/NAME`."},
    ErrorEntry{
        kUnknownFile, 404, "unknown-file", "Unknown file",
        "The bucket has no such file. `curl http://127.0.0.1:8080/bucket/NAME` lists those it has; upload one with "
        "`curl -F file=@hello.wasm http://127.0.0.1:8080/file/NAME/hello`."},
    ErrorEntry{
        kBucketExists, 409, "bucket-exists", "The bucket exists",
        "A bucket of this name is there already, yours or, in a shared store, somebody else's. Use it, or choose "
        "another name."},
    ErrorEntry{
        kBucketNotEmpty, 409, "bucket-not-empty", "The bucket is not empty",
        "Only an empty bucket can be deleted. Delete its files first: "
        "`curl -X DELETE http://127.0.0.1:8080/file/BUCKET/NAME`. In a store that keeps versions, older versions "
        "and delete markers count."},
    ErrorEntry{kOverloaded, 503, "overloaded", "The server is full",
               "Every sandbox is in use. Try again after the time in Retry-After."},
    ErrorEntry{
        kServerMemory, 503, "server-memory", "The server is out of memory",
        "The system gave the server no more memory; nothing is wrong with the function, and nothing was changed. Most "
        "often the server has as many mappings as `vm.max_map_count` allows: the operator raises it with "
        "`sysctl -w vm.max_map_count=262144` and starts the server again, or lets it keep less code in memory with "
        "`mayfly up --modules N`. Try again after the time in Retry-After."},
    ErrorEntry{
        kVolume, 500, "volume", "A volume cannot be used",
        "The function mounts a folder of the server that is not there: the detail says why. Start the server with "
        "the `--volume NAME=DIR` that the function was deployed with, create a folder that is missing, or make it "
        "readable for the server."},
    ErrorEntry{kStorage, 500, "storage", "The data folder failed",
               "The server could not read or write its data folder; nothing was changed. Free disk space and check "
               "permissions: the server's log names the file."},
    ErrorEntry{
        kStoreAway, 503, "store-away", "The store cannot be reached",
        "The S3 store does not answer, or says that it is in trouble. Functions that this server has called before "
        "go on; what needs the store works again when it does. Check the address in AWS_ENDPOINT_URL, and the "
        "store itself."},
    ErrorEntry{
        kStoreRefused, 502, "store-refused", "The store refuses",
        "The S3 store answered, and refused; the detail has its reason. Check AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY and AWS_REGION, that the bucket of `--store s3://BUCKET` exists, and what the key "
        "may do there: list, get, put and delete objects."},
    ErrorEntry{
        kStoreDamaged, 502, "store-damaged", "Damaged in the store",
        "An object of the S3 store is not what was put there: it is gone, its bytes have another SHA-256 than its name "
        "says, or a record cannot be read. Deploying the same module again mends it; in a versioned bucket so does "
        "restoring the object's last version."},
    ErrorEntry{kInternal, 500, "internal", "Internal error",
               "This is a fault of mayfly, not of your function. The server's log has more, under the request id."},
    ErrorEntry{kBadConfig, 400, "bad-config", "Bad configuration",
               "The configuration file cannot be used; the message names the line and column. docs/config.md has "
               "every key."},
    ErrorEntry{kPortInUse, 500, "port-in-use", "Port in use",
               "Another program listens on this address. Choose another with `--listen 127.0.0.1:PORT`, or port 0 "
               "for any free one; `ss -ltnp` tells which program it is."},
    ErrorEntry{kDataInUse, 500, "data-in-use", "Data folder in use",
               "Another mayfly runs on this data folder. Stop it, or choose another folder with `--data DIR`."},
    ErrorEntry{kDataNotWritable, 500, "data-not-writable", "Data folder not writable",
               "The server needs a data folder that it can write. Choose one with `--data DIR`."},
    ErrorEntry{kDataTooNew, 500, "data-too-new", "Data folder of a newer mayfly",
               "The data folder was written by a newer version, and this one leaves it alone. Run the newer one, or "
               "choose another folder with `--data DIR`."},
};

}  // namespace

const ErrorEntry& describe(ErrorCode code) {
  const auto& entry = kCatalogue[static_cast<std::size_t>(code)];
  CHECK(entry.code == code);
  return entry;
}

std::span<const ErrorEntry> error_catalogue() { return kCatalogue; }

}  // namespace mayfly
