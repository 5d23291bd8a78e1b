// What the module of TinyCC lacks to be a compiler of this server, merged with it in the place of two of its hosts: a
// file that is standard output, and changes of permissions, of which there are none.

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
// The build renames this module to the one whose function is exported here.
#define HOST(name) __attribute__((import_module("host_snapshot_preview1"), import_name(name)))

enum { kOutput = 1 };

HOST("path_open")
int host_open(int fd, int lookup, const char* path, size_t size, int how, uint64_t rights, uint64_t inheriting,
              int flags, int* into);

EXPORT("path_open")
int path_open(int fd, int lookup, const char* path, size_t size, int how, uint64_t rights, uint64_t inheriting,
              int flags, int* into) {
  static const char output[] = "dev/stdout";
  size_t same = 0;
  while (same < size && same < sizeof output - 1 && path[same] == output[same]) ++same;
  if (same != size || size != sizeof output - 1) {
    return host_open(fd, lookup, path, size, how, rights, inheriting, flags, into);
  }
  *into = kOutput;
  return 0;
}

EXPORT("path_chmod") int path_chmod(const char* path, size_t size, int mode) { return 0; }
