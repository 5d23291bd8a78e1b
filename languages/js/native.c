#include "native.h"

#include <stdlib.h>

static const natives_t* const topics[] = {&stdio_natives, &system_natives, &text_natives,  &url_natives,
                                          &hash_natives,  &http_natives,   &module_natives};
enum { kTopics = sizeof topics / sizeof *topics };

static int set_exports(JSContext* ctx, JSModuleDef* module) {
  for (int i = 0; i < kTopics; ++i)
    if (JS_SetModuleExportList(ctx, module, topics[i]->entries, topics[i]->count) < 0) return -1;
  return 0;
}

void native_add(JSContext* ctx) {
  JSModuleDef* module = JS_NewCModule(ctx, "mayfly:native", set_exports);
  for (int i = 0; i < kTopics; ++i) JS_AddModuleExportList(ctx, module, topics[i]->entries, topics[i]->count);
}

int bytes_begin(JSContext* ctx, JSValueConst value, bytes_t* bytes) {
  bytes->text = NULL;
  if (JS_IsString(value)) {
    bytes->text = bytes->data = JS_ToCStringLen(ctx, &bytes->size, value);
    return bytes->data != NULL;
  }
  if (JS_IsArrayBuffer(value)) {
    bytes->data = (const char*)JS_GetArrayBuffer(ctx, &bytes->size, value);
    return bytes->data != NULL || bytes->size == 0;
  }
  size_t offset = 0;
  JSValue buffer;
  if (JS_IsDataView(value)) {
    JSValue from = JS_GetPropertyStr(ctx, value, "byteOffset"), length = JS_GetPropertyStr(ctx, value, "byteLength");
    uint32_t at = 0, size = 0;
    JS_ToUint32(ctx, &at, from);
    JS_ToUint32(ctx, &size, length);
    offset = at;
    bytes->size = size;
    buffer = JS_GetPropertyStr(ctx, value, "buffer");
  } else {
    buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, &bytes->size, NULL);
  }
  if (JS_IsException(buffer)) return 0;
  size_t whole;
  const char* data = (const char*)JS_GetArrayBuffer(ctx, &whole, buffer);
  bytes->data = data != NULL ? data + offset : NULL;
  JS_FreeValue(ctx, buffer);  // the view keeps it
  return bytes->data != NULL || bytes->size == 0;
}

void bytes_end(JSContext* ctx, bytes_t* bytes) {
  if (bytes->text != NULL) JS_FreeCString(ctx, bytes->text);
}

static void* resize_owned(JSRuntime* runtime, void* opaque, void* pointer, size_t size) {
  (void)runtime, (void)opaque;
  if (size == 0) {
    free(pointer);
    return NULL;
  }
  return realloc(pointer, size);
}

JSValue bytes_take(JSContext* ctx, char* data, size_t size) {
  return JS_NewUint8Array(ctx, (uint8_t*)data, size, resize_owned, NULL, false);
}
