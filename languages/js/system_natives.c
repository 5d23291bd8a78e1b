#include <stdlib.h>
#include <string.h>
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

// The folder of the function, as it is now: libc would keep what was open when the interpreter was prepared.
static __wasi_fd_t root_folder(void) {
  __wasi_prestat_t about;
  for (__wasi_fd_t fd = kStandardError + 1; __wasi_fd_prestat_get(fd, &about) == 0; ++fd) {
    char name[2];
    if (about.u.dir.pr_name_len > sizeof name) continue;
    if (__wasi_fd_prestat_dir_name(fd, (uint8_t*)name, about.u.dir.pr_name_len) == 0 && name[0] == '/') return fd;
  }
  return (__wasi_fd_t)-1;
}

// A path below that folder, of one that begins with "/".
static const char* below(const char* path) { return path[1] != 0 ? path + 1 : "."; }

// kindOfFile(path): "file", "folder" or undefined.
static JSValue kindOfFile(ARGUMENTS) {
  const char* path = JS_ToCString(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  __wasi_filestat_t about;
  const __wasi_errno_t failed =
      __wasi_path_filestat_get(root_folder(), __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, below(path), &about);
  JS_FreeCString(ctx, path);
  if (failed) return JS_UNDEFINED;
  return about.filetype == __WASI_FILETYPE_REGULAR_FILE
             ? JS_NewString(ctx, "file")
             : (about.filetype == __WASI_FILETYPE_DIRECTORY ? JS_NewString(ctx, "folder") : JS_UNDEFINED);
}

// readFile(path): its bytes; undefined when there is no such file.
static JSValue readFile(ARGUMENTS) {
  const char* path = JS_ToCString(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  __wasi_fd_t file;
  const __wasi_errno_t failed = __wasi_path_open(root_folder(), __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, below(path), 0,
                                                 __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_FILESTAT_GET, 0, 0, &file);
  JS_FreeCString(ctx, path);
  if (failed) return JS_UNDEFINED;
  __wasi_filestat_t about;
  if (__wasi_fd_filestat_get(file, &about) != 0 || about.filetype != __WASI_FILETYPE_REGULAR_FILE) about.size = 0;
  uint8_t* bytes = malloc((size_t)about.size + 1);
  size_t done = 0;
  while (bytes != NULL && done < about.size) {
    const __wasi_iovec_t into = {bytes + done, (size_t)about.size - done};
    __wasi_size_t got = 0;
    if (__wasi_fd_read(file, &into, 1, &got) != 0 || got == 0) break;
    done += got;
  }
  (void)__wasi_fd_close(file);
  return bytes != NULL ? bytes_take(ctx, (char*)bytes, done) : JS_ThrowOutOfMemory(ctx);
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
