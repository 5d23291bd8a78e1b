/* The `handle` interface: what a guest imports from the module `env`, and a few helpers.
   Lengths are 64 bits wide, pointers 32. */
#pragma once

#define EXPORT(name) __attribute__((export_name(#name)))
#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))

typedef long long size;

IMPORT(log) void host_log(const char *text, size length);
IMPORT(response_set_status_line) void host_status_line(int status, const char *reason, size length);
IMPORT(response_set_header) void host_header(const char *name, size name_length,
                                             const char *value, size value_length);
IMPORT(response_set_body) void host_body(const char *body, size length);

/* Copies at most `capacity` bytes of the value; answers its full length, or -1 if there is no such key. */
IMPORT(db_get) size host_db_get(const char *key, size key_length, char *value, size capacity);

/* These answer -1 on failure; tcp_read answers 0 at the end of the stream. */
IMPORT(tcp_connect) int host_tcp_connect(const char *address, size length);
IMPORT(tcp_write) size host_tcp_write(int socket, const char *data, size length);
IMPORT(tcp_read) size host_tcp_read(int socket, char *data, size capacity);

/* A string literal as two arguments: its address and its length. */
#define TEXT(literal) "" literal, (size)(sizeof literal - 1)

static inline void answer(int status, const char *reason, size reason_length,
                          const char *body, size body_length) {
  char digits[20];
  char *first = digits + sizeof digits;
  size rest = body_length;
  do {
    *--first = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);

  host_status_line(status, reason, reason_length);
  host_header(TEXT("Content-length"), first, digits + sizeof digits - first);
  host_body(body, body_length);
}
