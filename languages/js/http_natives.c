// Requests of the function's own, through the server's gate: the module `wasi_experimental_http` of docs/abi.md.

#include <stdlib.h>
#include <string.h>

#include "native.h"

#define GATE(name) __attribute__((import_module("wasi_experimental_http"), import_name(name)))

GATE("req")
uint32_t gate_request(const char* url, size_t url_size, const char* method, size_t method_size, const char* headers,
                      size_t headers_size, const char* body, size_t body_size, uint16_t* status, uint32_t* handle);
GATE("headers_get_all") uint32_t gate_headers(uint32_t handle, char* into, size_t room, size_t* size);
GATE("body_read") uint32_t gate_body(uint32_t handle, char* into, size_t room, size_t* size);
GATE("close") uint32_t gate_close(uint32_t handle);

enum { kHeaderRoom = 128 << 10, kBodyRoom = 64 << 10 };

static const char* reason(uint32_t code) {
  switch (code) {
    case 2: return "not enough memory";
    case 6: return "an argument is not UTF-8";
    case 7: return "the function is not allowed to connect there";
    case 8: return "the method is not one";
    case 9: return "a header is not one";
    case 10: return "the URL is not one";
    case 11: return "the request failed; why is in the function log";
    case 13: return "too many responses are open";
    default: return "the server refused the request";
  }
}

static JSValue fail(JSContext* ctx, uint32_t code) { return JS_ThrowTypeError(ctx, "fetch failed: %s", reason(code)); }

// httpRequest(url, method, header lines, body): [status, handle, header lines]
static JSValue httpRequest(ARGUMENTS) {
  bytes_t arguments[4] = {0};
  int begun = 0;
  while (begun < 4 && bytes_begin(ctx, argv[begun], &arguments[begun])) ++begun;
  uint16_t status = 0;
  uint32_t handle = 0, code = 4;
  if (begun == 4)
    code = gate_request(arguments[0].data, arguments[0].size, arguments[1].data, arguments[1].size, arguments[2].data,
                        arguments[2].size, arguments[3].data, arguments[3].size, &status, &handle);
  const bool had_all = begun == 4;
  while (begun > 0) bytes_end(ctx, &arguments[--begun]);
  if (!had_all) return JS_EXCEPTION;
  if (code != 0) return fail(ctx, code);
  char* lines = malloc(kHeaderRoom);
  size_t size = 0;
  if (lines == NULL) return JS_ThrowOutOfMemory(ctx);
  code = gate_headers(handle, lines, kHeaderRoom, &size);
  if (code != 0) {
    free(lines);
    (void)gate_close(handle);
    return fail(ctx, code);
  }
  const JSValue values[] = {JS_NewInt32(ctx, status), JS_NewUint32(ctx, handle), JS_NewStringLen(ctx, lines, size)};
  free(lines);
  return JS_NewArrayFrom(ctx, 3, values);
}

// httpRead(handle): the next part of the body; undefined at its end, when the response is closed.
static JSValue httpRead(ARGUMENTS) {
  uint32_t handle;
  if (JS_ToUint32(ctx, &handle, argv[0]) < 0) return JS_EXCEPTION;
  char* part = malloc(kBodyRoom);
  if (part == NULL) return JS_ThrowOutOfMemory(ctx);
  size_t size = 0;
  const uint32_t code = gate_body(handle, part, kBodyRoom, &size);
  if (code == 0 && size > 0) return bytes_take(ctx, part, size);
  free(part);
  (void)gate_close(handle);
  return code == 0 ? JS_UNDEFINED : fail(ctx, code);
}

static JSValue httpClose(ARGUMENTS) {
  uint32_t handle;
  if (JS_ToUint32(ctx, &handle, argv[0]) == 0) (void)gate_close(handle);
  return JS_UNDEFINED;
}

static const JSCFunctionListEntry entries[] = {NATIVE(httpRequest, 4), NATIVE(httpRead, 1), NATIVE(httpClose, 1)};
const natives_t http_natives = NATIVES(entries);
