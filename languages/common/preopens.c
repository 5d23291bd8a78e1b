// What wasi-libc's preopens.c does, but it looks at the first use of a path after preopens_forget(), and not once when
// the module is instantiated: an image is taken where only the function's files are open, and runs where more is.

#include "preopens.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

enum { kFirstPreopen = 3, kMostPreopens = 32, kMostOfPath = 4096 };

typedef struct {
  const char* prefix;  // without the slash it begins with
  size_t size;
  int fd;
} preopen_t;

static preopen_t preopens[kMostPreopens];
static size_t preopen_count;
static bool preopens_known;

void preopens_forget(void) {
  for (size_t i = 0; i < preopen_count; ++i) free((char*)preopens[i].prefix);
  preopen_count = 0;
  preopens_known = false;
}

static const char* strip(const char* path) {
  for (;;) {
    if (path[0] == '/') {
      ++path;
    } else if (path[0] == '.' && path[1] == '/') {
      path += 2;
    } else {
      return path[0] == '.' && path[1] == 0 ? path + 1 : path;
    }
  }
}

int __wasilibc_register_preopened_fd(int fd, const char* path) {
  if (preopen_count == kMostPreopens) return -1;
  const char* prefix = strdup(strip(path));
  if (prefix == NULL) return -1;
  size_t size = strlen(prefix);
  while (size > 0 && prefix[size - 1] == '/') --size;
  preopens[preopen_count++] = (preopen_t){.prefix = prefix, .size = size, .fd = fd};
  return 0;
}

static void look(void) {
  preopens_known = true;
  for (__wasi_fd_t fd = kFirstPreopen;; ++fd) {
    __wasi_prestat_t stat;
    char path[kMostOfPath + 1];
    if (__wasi_fd_prestat_get(fd, &stat) != 0) return;
    if (stat.tag != __WASI_PREOPENTYPE_DIR || stat.u.dir.pr_name_len > kMostOfPath) continue;
    if (__wasi_fd_prestat_dir_name(fd, (uint8_t*)path, stat.u.dir.pr_name_len) != 0) return;
    path[stat.u.dir.pr_name_len] = 0;
    if (__wasilibc_register_preopened_fd((int)fd, path) != 0) return;
  }
}

int __wasilibc_find_abspath(const char* path, const char** prefix, const char** relative) {
  if (!preopens_known) look();
  path = strip(path);
  const preopen_t* best = NULL;
  for (size_t i = preopen_count; i-- > 0;) {
    const preopen_t* each = &preopens[i];
    if (best != NULL && each->size <= best->size) continue;
    if (strncmp(path, each->prefix, each->size) != 0) continue;
    if (each->size == 0 || path[each->size] == '/' || path[each->size] == 0) best = each;
  }
  if (best == NULL) {
    errno = ENOENT;
    return -1;
  }
  path += best->size;
  while (*path == '/') ++path;
  *prefix = best->prefix;
  *relative = *path == 0 ? "." : path;
  return best->fd;
}

int __wasilibc_find_relpath_alloc(const char* path, const char** prefix, char** relative, size_t* size, int can_grow)
    __attribute__((weak));

int __wasilibc_find_relpath(const char* path, const char** prefix, char** relative, size_t size) {
  if (__wasilibc_find_relpath_alloc != NULL) return __wasilibc_find_relpath_alloc(path, prefix, relative, &size, 0);
  return __wasilibc_find_abspath(path, prefix, (const char**)relative);
}
