#include "handle.h"

#define GREETING "Hello world from wasm!\nanswer from backend:\n"

static void fail(const char *message, size length) {
  host_log(message, length);
  answer(500, TEXT("Server error"), message, length);
}

EXPORT(handle) void handle(void) {
  char address[256];
  const size length = host_db_get(TEXT("/env/backend"), address, sizeof address);
  if (length < 0) {
    return fail(TEXT("could not get value for key /env/backend"));
  }
  if (length > (size)sizeof address) {
    return fail(TEXT("the value of key /env/backend is too long"));
  }

  host_log(address, length);
  const int backend = host_tcp_connect(address, length);
  if (backend < 0) {
    return fail(TEXT("could not connect to backend"));
  }
  if (host_tcp_write(backend, TEXT("hello\n")) < 0) {
    return fail(TEXT("could not write to backend server"));
  }

  char body[sizeof GREETING + 100] = GREETING;
  char *said = body + sizeof GREETING - 1;
  const size count = host_tcp_read(backend, said, 100);
  if (count < 0) {
    return fail(TEXT("could not read from backend server"));
  }
  said[count] = '\n';
  answer(200, TEXT("Ok"), body, said + count + 1 - body);
}
