#include "stdio_natives.h"

#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "stdio_http.h"

static request_t request;
static bool responded;

bool stdio_begin(void) {
  responded = false;
  return request_read(&request);
}

bool stdio_responded(void) { return responded; }

void stdio_fail(const char* message, size_t size) {
  if (responded) return;
  responded = true;
  response_fail(message, size);
}

static JSValue string_of(JSContext* ctx, slice_t slice) { return JS_NewStringLen(ctx, slice.data, slice.size); }

static JSValue requestMethod(ARGUMENTS) { return string_of(ctx, request.method); }
static JSValue requestUrl(ARGUMENTS) { return string_of(ctx, request.url); }
static JSValue requestClient(ARGUMENTS) { return string_of(ctx, request.client); }
static JSValue functionName(ARGUMENTS) { return string_of(ctx, request.function); }

// Names and values, in order.
static JSValue requestFields(ARGUMENTS) {
  JSValue fields = JS_NewArray(ctx);
  slice_t rest = request.fields, string;
  for (uint32_t i = 0; next_string(&rest, &string); ++i) JS_SetPropertyUint32(ctx, fields, i, string_of(ctx, string));
  return fields;
}

static JSValue readAll(ARGUMENTS) {
  size_t size;
  char* body = body_read_all(&size);
  return bytes_take(ctx, body, size);
}

static JSValue readAllText(ARGUMENTS) {
  size_t size;
  char* body = body_read_all(&size);
  const size_t mark = size >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  JSValue text = JS_NewStringLen(ctx, body + mark, size - mark);
  free(body);
  return text;
}

// readSome(size): undefined at the end of the body.
static JSValue readSome(ARGUMENTS) {
  uint32_t size;
  if (JS_ToUint32(ctx, &size, argv[0]) < 0) return JS_EXCEPTION;
  char* part = malloc(size);
  if (part == NULL) return JS_ThrowOutOfMemory(ctx);
  const size_t got = body_read(part, size);
  if (got != 0) return bytes_take(ctx, part, got);
  free(part);
  return JS_UNDEFINED;
}

// respond(status, fields or undefined, type or undefined, body or undefined): the head, with the type as
// Content-Type, and the body or its first part.
static JSValue respond(ARGUMENTS) {
  uint32_t status;
  if (JS_ToUint32(ctx, &status, argv[0]) < 0) return JS_EXCEPTION;
  bytes_t body = {0};
  if (!JS_IsUndefined(argv[3]) && !bytes_begin(ctx, argv[3], &body)) return JS_EXCEPTION;
  response_begin(status);
  if (!JS_IsUndefined(argv[1])) {
    int64_t count = 0;
    JS_GetLength(ctx, argv[1], &count);
    for (int64_t i = 0; i + 1 < count; i += 2) {
      JSValue name = JS_GetPropertyInt64(ctx, argv[1], i), value = JS_GetPropertyInt64(ctx, argv[1], i + 1);
      bytes_t name_bytes, value_bytes;
      if (bytes_begin(ctx, name, &name_bytes)) {
        if (bytes_begin(ctx, value, &value_bytes)) {
          response_field(name_bytes.data, name_bytes.size, value_bytes.data, value_bytes.size);
          bytes_end(ctx, &value_bytes);
        }
        bytes_end(ctx, &name_bytes);
      }
      JS_FreeValue(ctx, name);
      JS_FreeValue(ctx, value);
    }
  }
  bytes_t type;
  if (!JS_IsUndefined(argv[2]) && bytes_begin(ctx, argv[2], &type)) {
    response_field("content-type", 12, type.data, type.size);
    bytes_end(ctx, &type);
  }
  responded = true;
  response_end_head_with(body.data, body.size);
  bytes_end(ctx, &body);
  return JS_UNDEFINED;
}

static JSValue writePart(ARGUMENTS) {
  bytes_t part;
  if (!bytes_begin(ctx, argv[0], &part)) return JS_EXCEPTION;
  body_write(part.data, part.size);
  bytes_end(ctx, &part);
  return JS_UNDEFINED;
}

static const JSCFunctionListEntry entries[] = {
    NATIVE(requestMethod, 0), NATIVE(requestUrl, 0), NATIVE(requestClient, 0), NATIVE(functionName, 0),
    NATIVE(requestFields, 0), NATIVE(readAll, 0),    NATIVE(readAllText, 0),   NATIVE(readSome, 1),
    NATIVE(respond, 4),       NATIVE(writePart, 1),
};
const natives_t stdio_natives = NATIVES(entries);
