// What Perl sees of WASI's files, merged with its module in the place of the server's own functions.
//
// Perl's standard library is in its memory, and has descriptors up to 31 whether or not the server has given those
// away: the server's have others here, from 32 on. Perl's libc has looked for directories once, before there was an
// image, and knows only `/`: which of those that are open now a path leads to is found out here. Standard output
// belongs to the response, so what is printed goes to standard error.
//
// There is no C library; data and stack of this file are below where Perl's stack ends.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The build renames the first of these modules to the second: what is exported here would be taken for what is
// imported.
#define HOST(name) __attribute__((import_module("host_snapshot_preview1"), import_name(name)))
#define WASI(name) __attribute__((export_name(name)))

enum { kOk = 0, kBadFile = 8, kInvalid = 28, kNotSupported = 58 };
enum { kCharacterDevice = 2, kRegularFile = 4 };
enum { kRoot = 3, kShift = 32, kNull = 32, kRandom = 33, kFirstOpened = 35 };
enum { kMostOfPath = 4096 };

typedef struct {
  char* data;
  size_t size;
} buffer_t;

typedef struct {
  uint8_t tag;
  size_t name_size;
} prestat_t;

typedef struct {
  uint8_t type;
  uint16_t flags;
  uint64_t rights, inheriting;
} fdstat_t;

typedef struct {
  uint64_t device, inode;
  uint8_t type;
  uint64_t links, size, accessed, modified, changed;
} filestat_t;

HOST("fd_prestat_get") int host_prestat(int fd, prestat_t* into);
HOST("fd_prestat_dir_name") int host_prestat_name(int fd, char* into, size_t size);
HOST("random_get") int host_random(char* into, size_t size);

// --- Descriptors -------------------------------------------------------------------------------------------------

static bool is_device(int fd) { return fd == kNull || fd == kRandom; }
// Below are those of Perl's own files, which it should not ask the server for.
static int opened(int fd) { return fd >= kFirstOpened ? fd - kShift : -1; }

#define PASS(name, parameters, ...)                              \
  HOST(#name) int host_##name parameters;                        \
  WASI(#name) int name parameters {                              \
    const int real = opened(fd);                                 \
    return real < 0 ? kBadFile : host_##name(real, __VA_ARGS__); \
  }

PASS(fd_fdstat_set_flags, (int fd, int flags), flags)
PASS(fd_filestat_set_size, (int fd, uint64_t size), size)
PASS(fd_filestat_set_times, (int fd, uint64_t accessed, uint64_t modified, int flags), accessed, modified, flags)
PASS(fd_readdir, (int fd, char* into, size_t size, uint64_t cookie, size_t* used), into, size, cookie, used)
PASS(fd_tell, (int fd, uint64_t* offset), offset)

HOST("fd_sync") int host_sync(int fd);
WASI("fd_sync") int fd_sync(int fd) { return opened(fd) < 0 ? kOk : host_sync(opened(fd)); }

HOST("fd_close") int host_close(int fd);
WASI("fd_close") int fd_close(int fd) {
  if (fd < kRoot || is_device(fd)) return kOk;
  return opened(fd) < 0 ? kBadFile : host_close(opened(fd));
}

HOST("fd_renumber") int host_renumber(int from, int to);
WASI("fd_renumber") int fd_renumber(int from, int to) {
  if (opened(from) < 0 || opened(to) < 0) return kNotSupported;
  return host_renumber(opened(from), opened(to));
}

HOST("fd_fdstat_get") int host_fdstat(int fd, fdstat_t* into);
WASI("fd_fdstat_get") int fd_fdstat_get(int fd, fdstat_t* into) {
  if (fd <= kRoot) return host_fdstat(fd, into);
  if (opened(fd) >= 0) return host_fdstat(opened(fd), into);
  *into = (fdstat_t){.type = is_device(fd) ? kCharacterDevice : kRegularFile, .rights = ~0ull, .inheriting = ~0ull};
  return kOk;
}

HOST("fd_filestat_get") int host_filestat(int fd, filestat_t* into);
WASI("fd_filestat_get") int fd_filestat_get(int fd, filestat_t* into) {
  if (fd <= kRoot) return host_filestat(fd, into);
  if (opened(fd) >= 0) return host_filestat(opened(fd), into);
  if (!is_device(fd)) return kBadFile;
  *into = (filestat_t){.type = kCharacterDevice, .links = 1};
  return kOk;
}

HOST("fd_seek") int host_seek(int fd, int64_t offset, int whence, uint64_t* into);
WASI("fd_seek") int fd_seek(int fd, int64_t offset, int whence, uint64_t* into) {
  if (opened(fd) >= 0) return host_seek(opened(fd), offset, whence, into);
  *into = 0;
  return is_device(fd) ? kOk : kInvalid;
}

HOST("fd_read") int host_read(int fd, buffer_t* buffers, size_t count, size_t* done);
WASI("fd_read") int fd_read(int fd, buffer_t* buffers, size_t count, size_t* done) {
  if (opened(fd) >= 0) return host_read(opened(fd), buffers, count, done);
  if (fd > 0 && !is_device(fd)) return kBadFile;
  *done = 0;
  if (fd != kRandom) return kOk;
  for (size_t i = 0; i < count; ++i) {
    if (host_random(buffers[i].data, buffers[i].size) != kOk) return kBadFile;
    *done += buffers[i].size;
  }
  return kOk;
}

HOST("fd_write") int host_write(int fd, const buffer_t* buffers, size_t count, size_t* done);
WASI("fd_write") int fd_write(int fd, const buffer_t* buffers, size_t count, size_t* done) {
  if (fd == 1 || fd == 2) return host_write(2, buffers, count, done);
  if (opened(fd) >= 0) return host_write(opened(fd), buffers, count, done);
  if (!is_device(fd)) return kBadFile;
  *done = 0;
  for (size_t i = 0; i < count; ++i) *done += buffers[i].size;
  return kOk;
}

// Perl ends the program when there is no memory: for what reason, the server knows.
WASI("proc_exit") void proc_exit(int code) { __builtin_trap(); }

// --- Paths -------------------------------------------------------------------------------------------------------

WASI("fd_prestat_get") int fd_prestat_get(int fd, prestat_t* into) {
  if (fd != kRoot) return kBadFile;
  *into = (prestat_t){.tag = 0, .name_size = 1};
  return kOk;
}

WASI("fd_prestat_dir_name") int fd_prestat_dir_name(int fd, char* into, size_t size) {
  if (fd != kRoot || size < 1) return kBadFile;
  into[0] = '/';
  return kOk;
}

typedef struct {
  int fd;
  const char* path;
  size_t size;
} place_t;

// Where the server has it: in the open directory with the longest name that the path begins with.
static place_t place_of(int fd, const char* path, size_t size) {
  static char name[kMostOfPath];
  if (fd != kRoot) return (place_t){opened(fd), path, size};
  place_t best = {kRoot, path, size};
  prestat_t stat;
  size_t longest = 0;
  for (int each = kRoot; host_prestat(each, &stat) == kOk; ++each) {
    const size_t length = stat.name_size - 1;  // without the slash it begins with
    if (stat.name_size > sizeof name || length <= longest || length > size) continue;
    if (host_prestat_name(each, name, stat.name_size) != kOk) continue;
    size_t same = 0;
    while (same < length && name[same + 1] == path[same]) ++same;
    if (same < length || (length < size && path[length] != '/')) continue;
    longest = length;
    best = length == size ? (place_t){each, ".", 1} : (place_t){each, path + length + 1, size - length - 1};
  }
  return best.size == 0 ? (place_t){best.fd, ".", 1} : best;
}

static bool is(const char* text, const char* path, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (text[i] != path[i]) return false;
  }
  return text[size] == 0;
}

// The descriptor of a device; 0 for another path.
static int device_of(int fd, const char* path, size_t size) {
  if (fd != kRoot) return 0;
  if (is("dev/null", path, size)) return kNull;
  return is("dev/urandom", path, size) || is("dev/random", path, size) ? kRandom : 0;
}

HOST("path_open")
int host_open(int fd, int lookup, const char* path, size_t size, int how, uint64_t rights, uint64_t inheriting,
              int flags, int* into);
WASI("path_open")
int path_open(int fd, int lookup, const char* path, size_t size, int how, uint64_t rights, uint64_t inheriting,
              int flags, int* into) {
  if ((*into = device_of(fd, path, size)) != 0) return kOk;
  const place_t place = place_of(fd, path, size);
  const int error = host_open(place.fd, lookup, place.path, place.size, how, rights, inheriting, flags, into);
  if (error == kOk) *into += kShift;
  return error;
}

HOST("path_filestat_get") int host_path_filestat(int fd, int lookup, const char* path, size_t size, filestat_t* into);
WASI("path_filestat_get") int path_filestat_get(int fd, int lookup, const char* path, size_t size, filestat_t* into) {
  if (device_of(fd, path, size) != 0) return fd_filestat_get(kNull, into);
  const place_t place = place_of(fd, path, size);
  return host_path_filestat(place.fd, lookup, place.path, place.size, into);
}

HOST("path_filestat_set_times")
int host_path_times(int fd, int lookup, const char* path, size_t size, uint64_t accessed, uint64_t modified, int flags);
WASI("path_filestat_set_times")
int path_filestat_set_times(int fd, int lookup, const char* path, size_t size, uint64_t accessed, uint64_t modified,
                            int flags) {
  const place_t place = place_of(fd, path, size);
  return host_path_times(place.fd, lookup, place.path, place.size, accessed, modified, flags);
}

#define PASS_PATH(name)                                               \
  HOST(#name) int host_##name(int fd, const char* path, size_t size); \
  WASI(#name) int name(int fd, const char* path, size_t size) {       \
    const place_t place = place_of(fd, path, size);                   \
    return host_##name(place.fd, place.path, place.size);             \
  }

PASS_PATH(path_create_directory)
PASS_PATH(path_remove_directory)
PASS_PATH(path_unlink_file)

HOST("path_readlink")
int host_readlink(int fd, const char* path, size_t size, char* into, size_t room, size_t* used);
WASI("path_readlink")
int path_readlink(int fd, const char* path, size_t size, char* into, size_t room, size_t* used) {
  const place_t place = place_of(fd, path, size);
  return host_readlink(place.fd, place.path, place.size, into, room, used);
}

HOST("path_symlink") int host_symlink(const char* text, size_t text_size, int fd, const char* path, size_t size);
WASI("path_symlink") int path_symlink(const char* text, size_t text_size, int fd, const char* path, size_t size) {
  const place_t place = place_of(fd, path, size);
  return host_symlink(text, text_size, place.fd, place.path, place.size);
}

HOST("path_rename")
int host_rename(int fd, const char* path, size_t size, int to, const char* to_path, size_t to_size);
WASI("path_rename")
int path_rename(int fd, const char* path, size_t size, int to, const char* to_path, size_t to_size) {
  const place_t from = place_of(fd, path, size), into = place_of(to, to_path, to_size);
  return host_rename(from.fd, from.path, from.size, into.fd, into.path, into.size);
}

HOST("path_link")
int host_link(int fd, int lookup, const char* path, size_t size, int to, const char* to_path, size_t to_size);
WASI("path_link")
int path_link(int fd, int lookup, const char* path, size_t size, int to, const char* to_path, size_t to_size) {
  const place_t from = place_of(fd, path, size), into = place_of(to, to_path, to_size);
  return host_link(from.fd, lookup, from.path, from.size, into.fd, into.path, into.size);
}
