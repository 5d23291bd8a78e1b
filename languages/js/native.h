#pragma once

// The module `mayfly:native`: what the prelude reaches of the request, the response and the system. Functions that
// belong to one topic are added by their own file.

#include <quickjs.h>

#define NATIVE(name, arguments) JS_CFUNC_DEF(#name, arguments, name)
#define ARGUMENTS JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv

typedef struct {
  const JSCFunctionListEntry* entries;
  int count;
} natives_t;

#define NATIVES(list) {list, (int)(sizeof list / sizeof *list)}

extern const natives_t stdio_natives;   // stdio_natives.c: the request and the response
extern const natives_t system_natives;  // system_natives.c: time, chance, the environment, files, the function log
extern const natives_t text_natives;    // text_natives.c: UTF-8
extern const natives_t url_natives;     // url_natives.c
extern const natives_t hash_natives;    // hash_natives.c
extern const natives_t http_natives;    // http_natives.c: requests of the function's own
extern const natives_t module_natives;  // modules.c

// Adds the module to a context.
void native_add(JSContext* ctx);

// The bytes of a string, an ArrayBuffer or a view of one; false after throwing. Ends with bytes_end().
typedef struct {
  const char* data;
  size_t size;
  const char* text;  // to free
} bytes_t;
int bytes_begin(JSContext* ctx, JSValueConst value, bytes_t* bytes);
void bytes_end(JSContext* ctx, bytes_t* bytes);
// A new Uint8Array that owns a block of malloc().
JSValue bytes_take(JSContext* ctx, char* data, size_t size);
