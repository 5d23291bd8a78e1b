// JavaScript functions: `prepare` starts the interpreter, `initialize` loads one, `serve` answers a request with it
// (../README.md).

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#include "engine.h"
#include "heap.h"
#include "modules.h"
#include "native.h"
#include "stdio_http.h"
#include "stdio_natives.h"

enum {
  kStackKept = 640 << 10,  // bytes: recursion ends before the host's stack of 1.5 MiB does, which has three times as
                           // much for each call
  kGarbage = 8 << 20,      // bytes that are allocated before cycles are looked for
  kMostOfPath = 4096,
  kMostRejections = 16,  // promises that are reported when nobody handles them
};

static JSRuntime* runtime;
static JSContext* ctx;

// What the prelude exports (prelude/main.js).
static JSValue load_function, answer_function, finish_function, background_function, describe_function, wait_function;

static struct {
  JSValue promise, reason;
} rejections[kMostRejections];
static int rejection_count;

static void note_rejection(JSContext* context, JSValueConst promise, JSValueConst reason, bool handled, void* opaque) {
  (void)opaque;
  if (!handled) {
    if (rejection_count == kMostRejections) return;
    rejections[rejection_count].promise = JS_DupValue(context, promise);
    rejections[rejection_count++].reason = JS_DupValue(context, reason);
    return;
  }
  for (int i = 0; i < rejection_count; ++i) {
    if (JS_VALUE_GET_PTR(rejections[i].promise) != JS_VALUE_GET_PTR(promise)) continue;
    JS_FreeValue(context, rejections[i].promise);
    JS_FreeValue(context, rejections[i].reason);
    rejections[i] = rejections[--rejection_count];
    return;
  }
}

static void log_text(const char* text) { fputs(text, stderr); }

// Writes an exception to the function log and returns what to tell the client, which the caller frees; takes `error`.
static JSValue describe(JSValue error) {
  JS_ResetUncatchableError(ctx);
  if (JS_IsNull(error) && heap_ran_out()) {  // there was none for the exception, either
    log_text("InternalError: out of memory\n");
    return JS_NewString(ctx, "InternalError: out of memory");
  }
  JSValue message = JS_Call(ctx, describe_function, JS_UNDEFINED, 1, &error);
  JS_FreeValue(ctx, error);
  if (!JS_IsException(message)) return message;
  JS_FreeValue(ctx, JS_GetException(ctx));
  log_text("InternalError: out of memory, or an exception that cannot be shown\n");
  return JS_NewString(ctx, "InternalError: out of memory, or an exception that cannot be shown");
}

static void log_rejections(void) {
  while (rejection_count > 0) {
    --rejection_count;
    log_text("Uncaught (in promise) ");
    JS_FreeValue(ctx, describe(rejections[rejection_count].reason));
    JS_FreeValue(ctx, rejections[rejection_count].promise);
  }
}

// Runs what waits, in order; an exception there is nobody's, and is logged.
static bool run_job(void) {
  JSContext* context;
  const int ran = JS_ExecutePendingJob(runtime, &context);
  if (ran < 0) {
    log_text("Uncaught ");
    JS_FreeValue(ctx, describe(JS_GetException(ctx)));
  }
  return ran != 0;
}

// Runs until the promise has a result, which it returns; any other value as it is. An exception when it was rejected,
// or nothing is left that could settle it. Takes `value`.
static JSValue settle(JSValue value, const char* what) {
  for (;;) {
    const JSPromiseStateEnum state = JS_PromiseState(ctx, value);
    if (state == JS_PROMISE_NOT_A_PROMISE) return value;
    if (state == JS_PROMISE_PENDING) {
      if (run_job()) continue;
      JSValue waited = JS_Call(ctx, wait_function, JS_UNDEFINED, 0, NULL);
      if (JS_IsException(waited)) {
        log_text("Uncaught ");
        JS_FreeValue(ctx, describe(JS_GetException(ctx)));
        continue;
      }
      if (JS_ToBool(ctx, waited)) continue;
      JS_FreeValue(ctx, value);
      return JS_ThrowTypeError(ctx, "%s never settles: no timer, answer or callback is left that could do it", what);
    }
    JSValue result = JS_PromiseResult(ctx, value);
    if (state == JS_PROMISE_REJECTED) JS_PromiseMarkAsHandled(ctx, value);
    JS_FreeValue(ctx, value);
    return state == JS_PROMISE_REJECTED ? JS_Throw(ctx, result) : result;
  }
}

static JSValue exported(JSValueConst namespace, const char* name) { return JS_GetPropertyStr(ctx, namespace, name); }

static void fail_to_load(void) {
  JS_FreeValue(ctx, describe(JS_GetException(ctx)));
  exit(1);
}

static void start_engine(void) {
  if (!modules_compile_prelude()) exit(1);
  runtime = JS_NewRuntime2(&heap_functions, NULL);
  ctx = runtime != NULL ? JS_NewContext(runtime) : NULL;
  if (ctx == NULL) {
    log_text("out of memory\n");
    exit(1);
  }
  JS_SetGCThreshold(runtime, (size_t)-1);
  engine_keep_stack(runtime, kStackKept);
  modules_add(ctx);
  native_add(ctx);
  JSValue main = modules_prelude(ctx, "mayfly:main");
  if (JS_IsException(main)) {
    JSValue error = JS_GetException(ctx);
    const char* text = JS_ToCString(ctx, error);
    JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
    const char* trace = JS_ToCString(ctx, stack);
    fprintf(stderr, "%s\n%s", text != NULL ? text : "the prelude failed", trace != NULL ? trace : "");
    exit(1);
  }
  load_function = exported(main, "load");
  answer_function = exported(main, "answer");
  finish_function = exported(main, "finish");
  background_function = exported(main, "background");
  describe_function = exported(main, "describe");
  wait_function = exported(main, "wait");
  JS_FreeValue(ctx, main);
  JS_SetHostPromiseRejectionTracker(runtime, note_rejection, NULL);
}

static const char* path_argument(void) {
  static char texts[kMostOfPath];
  static uint8_t* arguments[16];
  __wasi_size_t count, size;
  if (__wasi_args_sizes_get(&count, &size) != 0 || count < 2 || count > 16 || size > sizeof texts) return "/main.js";
  (void)__wasi_args_get(arguments, (uint8_t*)texts);
  return (const char*)arguments[1];
}

__attribute__((export_name("prepare"))) void prepare(void) { start_engine(); }

__attribute__((export_name("initialize"))) void initialize(void) {
  if (ctx == NULL) start_engine();
  JSValue path = JS_NewString(ctx, path_argument());
  JSValue loaded = settle(JS_Call(ctx, load_function, JS_UNDEFINED, 1, &path), "loading the function");
  JS_FreeValue(ctx, path);
  if (JS_IsException(loaded)) fail_to_load();
  JS_FreeValue(ctx, loaded);
  while (run_job()) continue;
  log_rejections();
  JS_RunGC(runtime);
  JSMemoryUsage usage;
  JS_ComputeMemoryUsage(runtime, &usage);
  JS_SetGCThreshold(runtime, (size_t)usage.malloc_size + kGarbage);
  heap_settle();
}

static void fail_request(void) {
  JSValue message = describe(JS_GetException(ctx));
  size_t size = 0;
  const char* text = JS_ToCStringLen(ctx, &size, message);
  stdio_fail(text != NULL ? text : "", size);
  if (text != NULL) JS_FreeCString(ctx, text);
  JS_FreeValue(ctx, message);
}

static bool respond_to_request(void) {
  JSValue value = settle(JS_Call(ctx, answer_function, JS_UNDEFINED, 0, NULL), "the promise of the handler");
  if (JS_IsException(value)) return false;
  JSValue finished = settle(JS_Call(ctx, finish_function, JS_UNDEFINED, 1, &value), "the body of the response");
  JS_FreeValue(ctx, value);
  if (JS_IsException(finished)) return false;
  JS_FreeValue(ctx, finished);
  return true;
}

__attribute__((export_name("serve"))) void serve(void) {
  uint64_t seed = 0;
  (void)__wasi_random_get((uint8_t*)&seed, sizeof seed);
  engine_seed_random(ctx, seed);
  if (!stdio_begin()) return;
  if (!respond_to_request()) {
    const bool cut = stdio_responded();
    fail_request();
    if (cut) exit(1);  // the client must not take what it has for the whole
  }
  JSValue rest = JS_Call(ctx, background_function, JS_UNDEFINED, 0, NULL);
  rest = settle(rest, "a promise of waitUntil()");
  if (JS_IsException(rest)) JS_FreeValue(ctx, describe(JS_GetException(ctx)));
  JS_FreeValue(ctx, rest);
  while (run_job()) continue;
  if (rejection_count > 0) log_rejections();
}
