// Ruby as an interpreter with an image (../README.md): this is merged with its module, and takes the place of the host
// that its package js talks to. What the functions of a file look like is decided in mayfly.rb; here is what Ruby
// cannot call.
//
// There is no C library, and the memory is Ruby's: data and stack of this file are below where its stack ends.

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define RUBY(name) __attribute__((import_module("ruby"), import_name(name)))
#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))
#define GATE(name) __attribute__((import_module("wasi_experimental_http"), import_name(name)))

typedef struct {
  const char* data;
  size_t size;
} text_t;

typedef struct {
  uint32_t value;
  int32_t state;  // not 0 when there was an exception
} evaluated_t;

RUBY("cabi_realloc") void* ruby_allocate(void* from, size_t size, size_t alignment, size_t wanted);
RUBY("ruby-init: func(args: list<string>) -> ()") void ruby_init(text_t* arguments, size_t count);
RUBY("ruby-init-loadpath: func() -> ()") void ruby_init_load_path(void);
RUBY("rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>")
evaluated_t* ruby_evaluate(char* source, size_t size);

WASI("args_sizes_get") int args_sizes(size_t* count, size_t* size);
WASI("args_get") int args_get(char** pointers, char* texts);
WASI("environ_sizes_get") int environ_sizes(size_t* count, size_t* size);
WASI("environ_get") int environ_get(char** pointers, char* texts);
WASI("proc_exit") _Noreturn void proc_exit(int code);

GATE("req")
uint32_t gate_request(const char* url, size_t url_size, const char* method, size_t method_size, const char* headers,
                      size_t headers_size, const char* body, size_t body_size, uint16_t* status, uint32_t* handle);
GATE("headers_get_all") uint32_t gate_headers(uint32_t handle, char* into, size_t room, size_t* size);
GATE("body_read") uint32_t gate_body(uint32_t handle, char* into, size_t room, size_t* size);
GATE("close") uint32_t gate_close(uint32_t handle);

enum { kHeaderRoom = 128 << 10, kBodyRoom = 64 << 10 };

static const char prelude[] = {
#embed "mayfly.rb"
};

void* memcpy(void* restrict into, const void* restrict from, size_t size) {
  for (size_t i = 0; i < size; ++i) ((char*)into)[i] = ((const char*)from)[i];
  return into;
}

static void* allocate(size_t size) { return ruby_allocate(NULL, 0, 8, size); }

// Ruby takes the string, and frees it.
static text_t owned(const char* text, size_t size) {
  char* copy = allocate(size + 1);
  __builtin_memcpy(copy, text, size);
  copy[size] = 0;
  return (text_t){copy, size + 1};
}
#define OWNED(literal) owned(literal, sizeof(literal) - 1)

// What is wrong with a function, mayfly.rb has told before.
static void evaluate(text_t source) {
  if (ruby_evaluate((char*)source.data, source.size)->state == 0) return;
  const text_t tell = OWNED("$stderr.puts($!.full_message(highlight: false))");
  ruby_evaluate((char*)tell.data, tell.size);
  proc_exit(1);
}

EXPORT("prepare") void prepare(void) {
  text_t* arguments = allocate(4 * sizeof *arguments);
  arguments[0] = OWNED("ruby");
  arguments[1] = OWNED("--disable=gems");
  arguments[2] = OWNED("-EUTF-8");
  arguments[3] = OWNED("-e_=0");
  ruby_init(arguments, 4);
  ruby_init_load_path();
  evaluate(owned(prelude, sizeof prelude));
}

EXPORT("initialize") void initialize(void) { evaluate(OWNED("Mayfly::Start.load")); }

EXPORT("serve") void serve(void) { evaluate(OWNED("Mayfly::Start.serve")); }

// --- What Ruby calls: JS.eval(operation and arguments).to_s
// --------------------------------------------------------------

static char* result;
static size_t result_size;

static char* begin_result(size_t size) {
  result_size = size;
  return result = allocate(size + 1);
}

static void put_number(char* at, uint32_t value) { __builtin_memcpy(at, &value, sizeof value); }

// All of a list, with a zero byte behind each.
static void list(int (*sizes)(size_t*, size_t*), int (*get)(char**, char*)) {
  size_t count = 0, size = 0;
  if (sizes(&count, &size) != 0 || count == 0) {
    begin_result(0);
    return;
  }
  char** pointers = allocate(count * sizeof *pointers);
  if (get(pointers, begin_result(size)) != 0) result_size = 0;
  (void)ruby_allocate(pointers, count * sizeof *pointers, 8, 0);
}

static text_t next(text_t* rest) {
  uint32_t size;
  __builtin_memcpy(&size, rest->data, sizeof size);
  const text_t text = {rest->data + sizeof size, size};
  rest->data += sizeof size + size;
  return text;
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
static void read(uint32_t (*get)(uint32_t, char*, size_t, size_t*), text_t rest, size_t room) {
  uint32_t handle;
  __builtin_memcpy(&handle, rest.data, sizeof handle);
  char* into = begin_result(sizeof handle + room);
  size_t size = 0;
  const uint32_t code = get(handle, into + sizeof handle, room, &size);
  put_number(into, code);
  result_size = sizeof handle + (code == 0 ? size : 0);
}

static void end(text_t rest) {
  uint32_t handle;
  __builtin_memcpy(&handle, rest.data, sizeof handle);
  (void)gate_close(handle);
  begin_result(0);
}

EXPORT("eval-js: func(code: string) -> variant { success(handle<js-abi-value>), failure(handle<js-abi-value>) }")
void evaluate_operation(const char* code, size_t size, uint32_t* answer) {
  const text_t rest = {code + 1, size - 1};
  switch (size > 0 ? code[0] : 0) {
    case 'A': list(args_sizes, args_get); break;
    case 'E': list(environ_sizes, environ_get); break;
    case 'R': request(rest); break;
    case 'H': read(gate_headers, rest, kHeaderRoom); break;
    case 'B': read(gate_body, rest, kBodyRoom); break;
    case 'C': end(rest); break;
    default: begin_result(0);
  }
  answer[0] = 0;  // success
  answer[1] = 1;
}

EXPORT("js-value-to-string: func(value: handle<js-abi-value>) -> string")
void take_result(uint32_t value, text_t* answer) { *answer = (text_t){result, result_size}; }

// --- There is no JavaScript otherwise
// ------------------------------------------------------------------------------------

EXPORT("rb_wasm_throw_prohibit_rewind_exception") void absent_throw(uint32_t a, uint32_t b) { __builtin_trap(); }
EXPORT("is-js: func(value: handle<js-abi-value>) -> bool") uint32_t absent_is(uint32_t a) { return 0; }
EXPORT("instance-of: func(value: handle<js-abi-value>, klass: handle<js-abi-value>) -> bool")
uint32_t absent_instance(uint32_t a, uint32_t b) { return 0; }
EXPORT("global-this: func() -> handle<js-abi-value>") uint32_t absent_global(void) { return 0; }
EXPORT("int-to-js-number: func(value: s32) -> handle<js-abi-value>") uint32_t absent_int(uint32_t a) { return 0; }
EXPORT("float-to-js-number: func(value: float64) -> handle<js-abi-value>") uint32_t absent_float(double a) { return 0; }
EXPORT("string-to-js-string: func(value: string) -> handle<js-abi-value>")
uint32_t absent_string(uint32_t a, uint32_t b) { return 0; }
EXPORT("bool-to-js-bool: func(value: bool) -> handle<js-abi-value>") uint32_t absent_bool(uint32_t a) { return 0; }
EXPORT("proc-to-js-function: func(value: u32) -> handle<js-abi-value>") uint32_t absent_proc(uint32_t a) { return 0; }
EXPORT("rb-object-to-js-rb-value: func(raw-rb-abi-value: u32) -> handle<js-abi-value>")
uint32_t absent_object(uint32_t a) { return 0; }
EXPORT("js-value-to-integer: func(value: handle<js-abi-value>) -> variant { as-float(float64), bignum(string) }")
void absent_integer(uint32_t a, uint32_t b) { __builtin_trap(); }
EXPORT("export-js-value-to-host: func(value: handle<js-abi-value>) -> ()") void absent_export(uint32_t a) {}
EXPORT("import-js-value-from-host: func() -> handle<js-abi-value>") uint32_t absent_import(void) { return 0; }
EXPORT("js-value-typeof: func(value: handle<js-abi-value>) -> string")
void absent_typeof(uint32_t a, uint32_t b) { __builtin_trap(); }
EXPORT("js-value-equal: func(lhs: handle<js-abi-value>, rhs: handle<js-abi-value>) -> bool")
uint32_t absent_equal(uint32_t a, uint32_t b) { return 0; }
EXPORT("js-value-strictly-equal: func(lhs: handle<js-abi-value>, rhs: handle<js-abi-value>) -> bool")
uint32_t absent_strictly(uint32_t a, uint32_t b) { return 0; }
EXPORT(
    "reflect-apply: func(target: handle<js-abi-value>, this-argument: handle<js-abi-value>, arguments: "
    "list<handle<js-abi-value>>) -> variant { success(handle<js-abi-value>), failure(handle<js-abi-value>) }")
void absent_apply(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e) { __builtin_trap(); }
EXPORT(
    "reflect-get: func(target: handle<js-abi-value>, property-key: string) -> variant { success(handle<js-abi-value>), "
    "failure(handle<js-abi-value>) }")
void absent_get(uint32_t a, uint32_t b, uint32_t c, uint32_t d) { __builtin_trap(); }
EXPORT(
    "reflect-set: func(target: handle<js-abi-value>, property-key: string, value: handle<js-abi-value>) -> variant { "
    "success(handle<js-abi-value>), failure(handle<js-abi-value>) }")
void absent_set(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e) { __builtin_trap(); }
