#include "stdio_http.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kInput = 0, kOutput = 1, kMostOfMessage = 4096, kHeadRoom = 1024, kTogether = 512 };

typedef struct {
  char* data;
  size_t size;
  size_t capacity;
} buffer_t;

// Room for heads of the usual size, side by side: what a request writes to should be on few pages.
static char first_in[kHeadRoom], first_out[kHeadRoom];
static buffer_t head_in = {first_in, 0, kHeadRoom};
static buffer_t head_out = {first_out, 0, kHeadRoom};

static void reserve(buffer_t* buffer, size_t capacity) {
  if (capacity <= buffer->capacity) return;
  size_t grown = buffer->capacity * 2;
  buffer->capacity = grown < capacity ? capacity : grown;
  const bool first = buffer->data == first_in || buffer->data == first_out;
  char* data = realloc(first ? NULL : buffer->data, buffer->capacity);
  if (data == NULL) abort();
  if (first) memcpy(data, buffer->data, buffer->size);
  buffer->data = data;
}

static void append(buffer_t* buffer, const void* bytes, size_t size) {
  reserve(buffer, buffer->size + size);
  memcpy(buffer->data + buffer->size, bytes, size);
  buffer->size += size;
}

static void append_number(buffer_t* buffer, size_t number) {
  const uint32_t value = (uint32_t)number;
  append(buffer, &value, sizeof value);
}

// --- The request -----------------------------------------------------------------------------------------------

size_t body_read(char* into, size_t size) {
  const ssize_t got = read(kInput, into, size);
  return got > 0 ? (size_t)got : 0;
}

static bool read_exactly(char* into, size_t size) {
  while (size > 0) {
    const size_t got = body_read(into, size);
    if (got == 0) return false;
    into += got;
    size -= got;
  }
  return true;
}

bool next_string(slice_t* rest, slice_t* string) {
  uint32_t size;
  if (rest->size < sizeof size) return false;
  memcpy(&size, rest->data, sizeof size);
  if (rest->size - sizeof size < size) return false;
  string->data = rest->data + sizeof size;
  string->size = size;
  rest->data += sizeof size + size;
  rest->size -= sizeof size + size;
  return true;
}

bool request_read(request_t* request) {
  uint32_t size;
  if (!read_exactly((char*)&size, sizeof size)) return false;
  reserve(&head_in, size);
  if (!read_exactly(head_in.data, size)) return false;
  request->fields.data = head_in.data;
  request->fields.size = size;
  return next_string(&request->fields, &request->method) && next_string(&request->fields, &request->url) &&
         next_string(&request->fields, &request->client) && next_string(&request->fields, &request->function);
}

char* body_read_all(size_t* size) {
  buffer_t body = {0};
  for (;;) {
    reserve(&body, body.size + 4096 + 1);
    const size_t got = body_read(body.data + body.size, body.capacity - body.size - 1);
    if (got == 0) break;
    body.size += got;
  }
  body.data[body.size] = 0;
  *size = body.size;
  return body.data;
}

// --- The response ----------------------------------------------------------------------------------------------

void body_write(const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(kOutput, bytes, size);
    if (written < 0) abort();
    bytes += written;
    size -= (size_t)written;
  }
}

void response_begin(uint32_t status) {
  head_out.size = 0;
  append_number(&head_out, 0);  // its length, known in the end
  append_number(&head_out, status);
}

void response_field(const char* name, size_t name_size, const char* value, size_t value_size) {
  append_number(&head_out, name_size);
  append(&head_out, name, name_size);
  append_number(&head_out, value_size);
  append(&head_out, value, value_size);
}

void response_end_head(void) { response_end_head_with(NULL, 0); }

void response_end_head_with(const char* bytes, size_t size) {
  const uint32_t head = (uint32_t)(head_out.size - sizeof head);
  memcpy(head_out.data, &head, sizeof head);
  if (size > 0 && size < kTogether) {
    append(&head_out, bytes, size);
    size = 0;
  }
  body_write(head_out.data, head_out.size);
  body_write(bytes, size);
}

void response_fail(const char* message, size_t size) {
  response_begin(0);
  response_end_head();
  body_write(message, size < kMostOfMessage ? size : kMostOfMessage);
}
