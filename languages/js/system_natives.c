#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

#include "native.h"

enum { kMostOfEntropy = 1 << 16, kStandardError = 2 };

// print(text): to the function log.
static JSValue print(ARGUMENTS) {
  bytes_t text;
  if (!bytes_begin(ctx, argv[0], &text)) return JS_EXCEPTION;
  for (size_t done = 0; done < text.size;) {
    const ssize_t written = write(kStandardError, text.data + done, text.size - done);
    if (written <= 0) break;
    done += (size_t)written;
  }
  bytes_end(ctx, &text);
  return JS_UNDEFINED;
}

// now(): milliseconds of the clock that timers go by.
static JSValue now(ARGUMENTS) {
  __wasi_timestamp_t time = 0;
  (void)__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1000, &time);
  return JS_NewFloat64(ctx, (double)time / 1e6);
}

// sleep(milliseconds)
static JSValue sleepFor(ARGUMENTS) {
  double milliseconds;
  if (JS_ToFloat64(ctx, &milliseconds, argv[0]) < 0) return JS_EXCEPTION;
  if (!(milliseconds > 0)) return JS_UNDEFINED;
  __wasi_subscription_t wait;
  memset(&wait, 0, sizeof wait);
  wait.u.tag = __WASI_EVENTTYPE_CLOCK;
  wait.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  wait.u.u.clock.timeout = (__wasi_timestamp_t)(milliseconds * 1e6);
  __wasi_event_t event;
  __wasi_size_t events;
  (void)__wasi_poll_oneoff(&wait, &event, 1, &events);
  return JS_UNDEFINED;
}

static JSValue fillRandom(ARGUMENTS) {
  bytes_t view;
  if (!bytes_begin(ctx, argv[0], &view)) return JS_EXCEPTION;
  if (view.size > kMostOfEntropy) return JS_ThrowRangeError(ctx, "at most 65536 random bytes at once");
  if (view.size > 0 && __wasi_random_get((uint8_t*)view.data, view.size) != 0)
    return JS_ThrowInternalError(ctx, "no random bytes");
  return JS_UNDEFINED;
}

// environment(): names and values, in turn.
static JSValue environment(ARGUMENTS) {
  JSValue pairs = JS_NewArray(ctx);
  __wasi_size_t count, size;
  if (__wasi_environ_sizes_get(&count, &size) != 0 || count == 0) return pairs;
  uint8_t** variables = malloc(count * sizeof *variables + size);
  if (variables == NULL) return pairs;
  if (__wasi_environ_get(variables, (uint8_t*)(variables + count)) == 0)
    for (uint32_t i = 0; i < count; ++i) {
      const char* name = (const char*)variables[i];
      const char* equals = strchr(name, '=');
      if (equals == NULL) continue;
      JS_SetPropertyUint32(ctx, pairs, 2 * i, JS_NewStringLen(ctx, name, equals - name));
      JS_SetPropertyUint32(ctx, pairs, 2 * i + 1, JS_NewString(ctx, equals + 1));
    }
  free(variables);
  return pairs;
}

// readFile(path): its bytes; undefined when there is no such file.
static JSValue readFile(ARGUMENTS) {
  const char* path = JS_ToCString(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  const int file = open(path, O_RDONLY);
  JS_FreeCString(ctx, path);
  if (file < 0) return JS_UNDEFINED;
  struct stat about;
  if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(file);
    return JS_UNDEFINED;
  }
  const size_t size = (size_t)about.st_size;
  char* bytes = malloc(size + 1);
  size_t done = 0;
  while (bytes != NULL && done < size) {
    const ssize_t got = read(file, bytes + done, size - done);
    if (got <= 0) break;
    done += (size_t)got;
  }
  close(file);
  if (bytes == NULL) return JS_ThrowOutOfMemory(ctx);
  return bytes_take(ctx, bytes, done);
}

// kindOfFile(path): "file", "folder" or undefined.
static JSValue kindOfFile(ARGUMENTS) {
  const char* path = JS_ToCString(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  struct stat about;
  const int failed = stat(path, &about);
  JS_FreeCString(ctx, path);
  if (failed) return JS_UNDEFINED;
  return S_ISREG(about.st_mode) ? JS_NewString(ctx, "file")
                                : (S_ISDIR(about.st_mode) ? JS_NewString(ctx, "folder") : JS_UNDEFINED);
}

// promiseState(value): [state, result] of a promise, for those who print it; undefined of anything else.
static JSValue promiseState(ARGUMENTS) {
  static const char* const names[] = {"pending", "fulfilled", "rejected"};
  const JSPromiseStateEnum state = JS_PromiseState(ctx, argv[0]);
  if (state == JS_PROMISE_NOT_A_PROMISE) return JS_UNDEFINED;
  const JSValue values[] = {JS_NewString(ctx, names[state]), JS_PromiseResult(ctx, argv[0])};
  return JS_NewArrayFrom(ctx, 2, values);
}

static const JSCFunctionListEntry entries[] = {
    NATIVE(print, 1),       NATIVE(now, 0),      NATIVE(sleepFor, 1),   NATIVE(fillRandom, 1),
    NATIVE(environment, 0), NATIVE(readFile, 1), NATIVE(kindOfFile, 1), NATIVE(promiseState, 1),
};
const natives_t system_natives = NATIVES(entries);
