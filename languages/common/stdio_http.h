#pragma once

// The request on standard input and the response on standard output, as ../README.md has them, for drivers in C.
// Nothing here allocates but what it says; nobody else may use the descriptors 0 and 1.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes in the head, valid until the next request_read().
typedef struct {
  const char* data;
  size_t size;
} slice_t;

typedef struct {
  slice_t method;
  slice_t url;
  slice_t client;
  slice_t function;
  slice_t fields;  // names and values: read with next_string()
} request_t;

// Reads the head of the request; false when standard input has none.
bool request_read(request_t* request);
// Takes the next string off what is left of a head; false at its end.
bool next_string(slice_t* rest, slice_t* string);
// Reads at most `size` bytes of the body; 0 at its end.
size_t body_read(char* into, size_t size);
// Reads the rest of the body; the caller frees it. A zero byte follows, which is not counted.
char* body_read_all(size_t* size);

// The head is collected between begin and end, and then written; body_write() writes all it is given.
void response_begin(uint32_t status);
void response_field(const char* name, size_t name_size, const char* value, size_t value_size);
void response_end_head(void);
// The same, with what there is of the body; of less than 512 bytes in one write.
void response_end_head_with(const char* bytes, size_t size);
void body_write(const char* bytes, size_t size);
// In the place of a response: the function failed, and this is for the client.
void response_fail(const char* message, size_t size);
