// CPython as an interpreter with an image: what ../README.md asks of `prepare`, `initialize` and `serve`. What the
// functions of a file look like is decided in mayfly/; here is what has to be C.

#include <Python.h>
#include <stdlib.h>
#include <wasi/api.h>
#include <wasi/libc-environ.h>

#include "module.h"
#include "preopens.h"
#include "stdio_http.h"

#define EXPORT(name) __attribute__((export_name(#name)))

extern const struct _frozen mayfly_library[];

static PyObject* serve_request;  // (method, url, client, function, fields) -> None
static bool prepared;
static bool fresh;  // nothing has been served since the image was taken

static void fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

// --- Memory ------------------------------------------------------------------------------------------------------

// Those of pymalloc where pointers have 32 bits.
enum { kSmallestBlock = 8, kLargestBlock = 512, kPoolBytes = 4 << 10, kPoolHead = 32, kArenaBytes = 256 << 10 };
enum { kSpareArenas = 4, kRoomBytes = 1 << 20 };

// Some arenas of small objects are always at hand: a request that needs one finds it in the image. Frames come from the same
// allocator, in other sizes.
static void* spare_arenas[kSpareArenas];
static size_t spare_count;

static void* take_arena(void* context, size_t size) {
  return size == kArenaBytes && spare_count > 0 ? spare_arenas[--spare_count] : malloc(size);
}

static void give_arena(void* context, void* arena, size_t size) {
  if (size == kArenaBytes && spare_count < kSpareArenas) {
    spare_arenas[spare_count++] = arena;
  } else {
    free(arena);
  }
}

static void keep_arenas(void) {
  PyObjectArenaAllocator allocator = {NULL, take_arena, give_arena};
  PyObject_SetArenaAllocator(&allocator);
}

// What a request takes is there without a growth of the memory.
static void keep_room(void) {
  while (spare_count < kSpareArenas) {
    void* arena = malloc(kArenaBytes);
    if (arena == NULL) fail("no memory");
    spare_arenas[spare_count++] = arena;
  }
  free(malloc(kRoomBytes));
}

// Takes the room that is left between small objects, for good: what is made then lies together, on few pages. A pool
// has blocks of one size, and is new when it gives its first two in order.
static void fill_gaps(void) {
  for (size_t size = kSmallestBlock; size <= kLargestBlock; size += kSmallestBlock) {
    char* last = NULL;
    for (char* block = PyObject_Malloc(size); block != NULL; block = PyObject_Malloc(size)) {
      if (last != NULL && block == last + size && (uintptr_t)last % kPoolBytes == kPoolHead) {
        PyObject_Free(block);
        PyObject_Free(last);
        break;
      }
      last = block;
    }
  }
}

// --- prepare -----------------------------------------------------------------------------------------------------

// What stands in the table of the library is imported before any file. Nothing is read from the machine or from the
// environment, and nothing is written beside sources.
static PyStatus start(void) {
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.site_import = 0;
  config.write_bytecode = 0;
  config.buffered_stdio = 0;
  config.install_signal_handlers = 0;
  config.pathconfig_warnings = 0;
  config.use_frozen_modules = 1;
  config.module_search_paths_set = 1;
  PyStatus status = PyConfig_SetString(&config, &config.program_name, L"python3");
  const struct {
    wchar_t** option;
    const wchar_t* value;
  } paths[] = {
      {&config.executable, L""},
      {&config.base_executable, L""},
      {&config.prefix, L"/usr"},
      {&config.base_prefix, L"/usr"},
      {&config.exec_prefix, L"/usr"},
      {&config.base_exec_prefix, L"/usr"},
      {&config.home, L"/usr"},
      {&config.stdlib_dir, L"/usr/lib/python3.11"},
      {&config.stdio_encoding, L"utf-8"},
      {&config.stdio_errors, L"backslashreplace"},
  };
  for (size_t i = 0; i < sizeof paths / sizeof *paths && !PyStatus_Exception(status); ++i)
    status = PyConfig_SetString(&config, paths[i].option, paths[i].value);
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  return status;
}

// Calls `name` of mayfly._start, or ends.
static PyObject* call_start(const char* name, const char* format, const char* first, const char* second) {
  PyObject* start_module = PyImport_ImportModule("mayfly._start");
  PyObject* result = start_module == NULL ? NULL : PyObject_CallMethod(start_module, name, format, first, second);
  Py_XDECREF(start_module);
  if (result != NULL) return result;
  PyErr_Print();
  exit(1);
}

EXPORT(prepare) void prepare(void) {
  keep_arenas();
  PyPreConfig preconfig;
  PyPreConfig_InitIsolatedConfig(&preconfig);
  preconfig.utf8_mode = 1;
  PyStatus status = Py_PreInitialize(&preconfig);
  PyImport_FrozenModules = mayfly_library;
  if (!PyStatus_Exception(status) && PyImport_AppendInittab("_mayfly", mayfly_module) != 0) fail("no memory");
  if (!PyStatus_Exception(status)) status = start();
  if (PyStatus_Exception(status)) fail(status.err_msg != NULL ? status.err_msg : "Python does not start");
  Py_DECREF(call_start("prepare", NULL, NULL, NULL));
  fill_gaps();
  keep_room();
  __wasilibc_deinitialize_environ();
  prepared = true;
}

// --- initialize --------------------------------------------------------------------------------------------------

// argv: the name of the function, and the path of the file.
EXPORT(initialize) void initialize(void) {
  if (!prepared) prepare();
  preopens_forget();
  size_t count = 0;
  size_t size = 0;
  if (__wasi_args_sizes_get(&count, &size) != 0 || count < 2) fail("two arguments are needed: name and file");
  char** arguments = calloc(count + 1, sizeof *arguments);
  char* text = malloc(size + 1);
  if (arguments == NULL || text == NULL || __wasi_args_get((uint8_t**)arguments, (uint8_t*)text) != 0)
    fail("no memory");
  serve_request = call_start("load", "ss", arguments[0], arguments[1]);
  free(arguments);
  free(text);
  preopens_forget();
  __wasilibc_deinitialize_environ();
  keep_room();
  fresh = true;
}

// --- serve -------------------------------------------------------------------------------------------------------

// Puts the variables that there are now into os.environ; the image has none.
static int refresh_environment(void) {
  __wasilibc_deinitialize_environ();
  size_t count = 0;
  size_t size = 0;
  if (__wasi_environ_sizes_get(&count, &size) != 0 || count == 0) return 0;
  char** variables = calloc(count + 1, sizeof *variables);
  char* text = malloc(size + 1);
  if (variables == NULL || text == NULL || __wasi_environ_get((uint8_t**)variables, (uint8_t*)text) != 0) {
    free(variables);
    free(text);
    return 0;
  }
  PyObject* list = PyList_New(0);
  for (size_t i = 0; list != NULL && i < count; ++i) {
    PyObject* variable = PyBytes_FromString(variables[i]);
    if (variable == NULL || PyList_Append(list, variable) != 0) Py_CLEAR(list);
    Py_XDECREF(variable);
  }
  free(variables);
  free(text);
  if (list == NULL) return -1;
  PyObject* start_module = PyImport_ImportModule("mayfly._start");
  PyObject* result = start_module == NULL ? NULL : PyObject_CallMethod(start_module, "set_environment", "O", list);
  Py_DECREF(list);
  Py_XDECREF(start_module);
  Py_XDECREF(result);
  return result == NULL ? -1 : 0;
}

static PyObject* text_of(slice_t bytes) { return PyUnicode_DecodeUTF8(bytes.data, (Py_ssize_t)bytes.size, "replace"); }

EXPORT(serve) void serve(void) {
  request_t request;
  if (!request_read(&request)) fail("there is no request on standard input");
  if (fresh) {
    fresh = false;
    preopens_forget();
    if (refresh_environment() != 0) PyErr_Print();
  }
  PyObject* arguments[] = {text_of(request.method), text_of(request.url), text_of(request.client),
                           text_of(request.function),
                           PyBytes_FromStringAndSize(request.fields.data, (Py_ssize_t)request.fields.size)};
  const size_t count = sizeof arguments / sizeof *arguments;
  bool complete = true;
  for (size_t i = 0; i < count; ++i) complete = complete && arguments[i] != NULL;
  PyObject* result = complete ? PyObject_Vectorcall(serve_request, arguments, count, NULL) : NULL;
  for (size_t i = 0; i < count; ++i) Py_XDECREF(arguments[i]);
  if (result == NULL) {
    PyErr_Print();
    exit(1);
  }
  Py_DECREF(result);
}
