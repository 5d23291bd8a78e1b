// Answers {"hello":INPUT}, through the bindings that wit-bindgen makes for C.
#include "exec_hello.h"

#include <stdlib.h>
#include <string.h>

void exports_exec_hello_exec(exec_hello_string_t *input, exec_hello_string_t *ret) {
  static const char kBefore[] = "{\"hello\":";
  const size_t before = sizeof kBefore - 1;
  ret->len = before + input->len + 1;
  ret->ptr = malloc(ret->len);
  if (ret->ptr == NULL) abort();
  memcpy(ret->ptr, kBefore, before);
  memcpy(ret->ptr + before, input->ptr, input->len);
  ret->ptr[ret->len - 1] = '}';
  exec_hello_string_free(input);
}
