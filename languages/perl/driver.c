// Perl as an interpreter with an image (../README.md): this is merged with its module, and takes the place of the host
// that its functions call. What the functions of a file look like is decided in mayfly.pl; here is what Perl cannot do.
//
// There is no C library, and the memory is Perl's: data and stack of this file are below where its stack ends.

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define PERL(name) __attribute__((import_module("perl"), import_name(name)))
#define HOST(name) __attribute__((import_module("host_snapshot_preview1"), import_name(name)))  // see files.c
#define GATE(name) __attribute__((import_module("wasi_experimental_http"), import_name(name)))

typedef struct value value_t;  // of Perl

PERL("malloc") void* allocate(size_t size);
PERL("free") void release(void* memory);
PERL("zeroperl_init") int perl_init(void);
PERL("zeroperl_eval") int perl_evaluate(const char* code, int context, int count, char** arguments);
PERL("zeroperl_last_error") const char* perl_error(void);
PERL("zeroperl_flush") int perl_flush(void);
PERL("zeroperl_register_function") void perl_register(int32_t id, const char* name);
PERL("zeroperl_to_double") int perl_to_double(value_t* value, double* into);
PERL("zeroperl_new_uint") value_t* perl_new_uint(uint32_t value);

typedef struct {
  const char* data;
  size_t size;
} text_t;

HOST("args_sizes_get") int args_sizes(size_t* count, size_t* size);
HOST("args_get") int args_get(char** pointers, char* texts);
HOST("environ_sizes_get") int environ_sizes(size_t* count, size_t* size);
HOST("environ_get") int environ_get(char** pointers, char* texts);
HOST("random_get") int random_get(char* into, size_t size);
HOST("fd_read") int fd_read(int fd, const text_t* buffers, size_t count, size_t* done);
HOST("fd_write") int fd_write(int fd, const text_t* buffers, size_t count, size_t* done);
HOST("proc_exit") _Noreturn void proc_exit(int code);

GATE("req")
uint32_t gate_request(const char* url, size_t url_size, const char* method, size_t method_size, const char* headers,
                      size_t headers_size, const char* body, size_t body_size, uint16_t* status, uint32_t* handle);
GATE("headers_get_all") uint32_t gate_headers(uint32_t handle, char* into, size_t room, size_t* size);
GATE("body_read") uint32_t gate_body(uint32_t handle, char* into, size_t room, size_t* size);
GATE("close") uint32_t gate_close(uint32_t handle);

enum { kHeaderRoom = 128 << 10, kBodyRoom = 64 << 10 };
enum { kInput = 0, kOutput = 1, kErrors = 2 };

static const char library[] = {
#embed "library.pl"
    , 0};
static const char prelude[] = {
#embed "mayfly.pl"
    , 0};

void* memcpy(void* restrict into, const void* restrict from, size_t size) {
  for (size_t i = 0; i < size; ++i) ((char*)into)[i] = ((const char*)from)[i];
  return into;
}

static void write_all(int fd, text_t text) {
  while (text.size > 0) {
    size_t done = 0;
    if (fd_write(fd, &text, 1, &done) != 0) proc_exit(1);
    text.data += done;
    text.size -= done;
  }
}

// What is wrong with a function, mayfly.pl has told before.
static void evaluate(const char* code) {
  if (perl_evaluate(code, 0, 0, NULL) == 0) return;
  const char* error = perl_error();
  write_all(kErrors, (text_t){error, __builtin_strlen(error)});
  proc_exit(1);
}

size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size] != 0) ++size;
  return size;
}

EXPORT("prepare") void prepare(void) {
  if (perl_init() != 0) proc_exit(1);
  perl_register(0, "Mayfly::Driver::operate");
  evaluate(library);
  evaluate(prelude);
}

EXPORT("initialize") void initialize(void) {
  evaluate("Mayfly::Start::load()");
  perl_flush();
}

EXPORT("serve") void serve(void) {
  evaluate("Mayfly::Start::serve()");
  perl_flush();
}

// --- What Perl calls: Mayfly::Driver::operate(operation, address of bytes, how many), for the address of the result
// --------------------------------------------------------------

// The size, and then the bytes. Valid until the next operation.
static struct result {
  size_t size;
  char data[];
}* result;
static size_t result_room;

static char* begin_result(size_t size) {
  if (result == NULL || result_room < size) {
    release(result);
    result_room = size < 4096 ? 4096 : size;
    result = allocate(sizeof *result + result_room);
    if (result == NULL) proc_exit(1);
  }
  result->size = size;
  return result->data;
}

static void put_number(char* at, uint32_t value) { __builtin_memcpy(at, &value, sizeof value); }

// All of a list, with a zero byte behind each.
static void list(int (*sizes)(size_t*, size_t*), int (*get)(char**, char*)) {
  size_t count = 0, size = 0;
  char* texts = begin_result(0);
  if (sizes(&count, &size) != 0 || count == 0) return;
  texts = begin_result(size);
  char** pointers = allocate(count * sizeof *pointers);
  if (pointers == NULL || get(pointers, texts) != 0) result->size = 0;
  release(pointers);
}

static text_t next(text_t* rest) {
  uint32_t size;
  __builtin_memcpy(&size, rest->data, sizeof size);
  const text_t text = {rest->data + sizeof size, size};
  rest->data += sizeof size + size;
  return text;
}

static uint32_t number_in(text_t text) {
  uint32_t number = 0;
  if (text.size >= sizeof number) __builtin_memcpy(&number, text.data, sizeof number);
  return number;
}

// What there is of the request, up to a number of bytes.
static void read_input(size_t room) {
  const text_t into = {begin_result(room), room};
  size_t done = 0;
  result->size = fd_read(kInput, &into, 1, &done) == 0 ? done : 0;
}

static void draw(size_t size) {
  if (random_get(begin_result(size), size) != 0) proc_exit(1);
}

// A code, the status and the handle of the response.
static void request(text_t rest) {
  const text_t url = next(&rest), method = next(&rest), headers = next(&rest), body = next(&rest);
  uint16_t status = 0;
  uint32_t handle = 0;
  const uint32_t code = gate_request(url.data, url.size, method.data, method.size, headers.data, headers.size,
                                     body.data, body.size, &status, &handle);
  char* into = begin_result(3 * sizeof code);
  put_number(into, code);
  put_number(into + 4, status);
  put_number(into + 8, handle);
}

// A code, and bytes.
static void read_response(uint32_t (*get)(uint32_t, char*, size_t, size_t*), uint32_t handle, size_t room) {
  char* into = begin_result(sizeof handle + room);
  size_t size = 0;
  const uint32_t code = get(handle, into + sizeof handle, room, &size);
  put_number(into, code);
  result->size = sizeof handle + (code == 0 ? size : 0);
}

EXPORT("call_host_function") value_t* operate(int32_t id, int32_t count, value_t** arguments) {
  double numbers[3] = {0, 0, 0};
  for (int i = 0; i < count && i < 3; ++i) perl_to_double(arguments[i], &numbers[i]);
  const text_t bytes = {(const char*)(uintptr_t)numbers[1], (size_t)numbers[2]};
  switch ((int)numbers[0]) {
    case 'A': list(args_sizes, args_get); break;
    case 'E': list(environ_sizes, environ_get); break;
    case 'I': read_input(number_in(bytes)); break;
    case 'O':
      write_all(kOutput, bytes);
      begin_result(0);
      break;
    case 'N': draw(number_in(bytes)); break;
    case 'R': request(bytes); break;
    case 'H': read_response(gate_headers, number_in(bytes), kHeaderRoom); break;
    case 'B': read_response(gate_body, number_in(bytes), kBodyRoom); break;
    case 'C':
      gate_close(number_in(bytes));
      begin_result(0);
      break;
    case 'X': proc_exit((int)number_in(bytes));
    default: begin_result(0);
  }
  return perl_new_uint((uint32_t)result);
}
