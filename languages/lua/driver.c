// Lua as an interpreter with an image (../README.md). What the functions of a file look like is decided in mayfly.lua;
// here is what has to be C.

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>
#include <wasi/libc-environ.h>

#include "natives.h"
#include "preopens.h"
#include "stdio_http.h"

#define EXPORT(name) __attribute__((export_name(#name)))

enum {
  kMostArguments = 16,
  kMostOfArguments = 4096,  // bytes
  kFirstPause = 1000,       // percent: no garbage is looked for until there is ten times of what the image has
  kPause = 200,
};

static const char dkjson[] = {
#embed "dkjson.lua"
};
static const char mayfly[] = {
#embed "mayfly.lua"
};

static lua_State* L;
static int load_function, serve_function;  // of mayfly.lua, in the registry
static bool fresh;                         // nothing has been served since the image was taken

static void fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void run(const char* source, size_t size, const char* name, int results) {
  if (luaL_loadbufferx(L, source, size, name, "t") != LUA_OK) fail(lua_tostring(L, -1));
  natives_push(L);
  if (lua_pcall(L, 1, results, 0) != LUA_OK) fail(lua_tostring(L, -1));
}

// What every function finds loaded.
EXPORT(prepare) void prepare(void) {
  static char log[BUFSIZ];
  setvbuf(stderr, log, _IOLBF, sizeof log);
  L = luaL_newstate();
  if (L == NULL) fail("out of memory");
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  run(dkjson, sizeof dkjson, "=dkjson", 1);
  lua_setfield(L, -2, "dkjson");
  lua_pop(L, 1);
  run(mayfly, sizeof mayfly, "=mayfly", 2);
  serve_function = luaL_ref(L, LUA_REGISTRYINDEX);
  load_function = luaL_ref(L, LUA_REGISTRYINDEX);
}

// --- initialize --------------------------------------------------------------------------------------------------

// argv: the name of the function, and the path of the file.
EXPORT(initialize) void initialize(void) {
  static uint8_t* arguments[kMostArguments];
  static char texts[kMostOfArguments];
  if (L == NULL) prepare();
  preopens_forget();
  __wasi_size_t count, size;
  if (__wasi_args_sizes_get(&count, &size) != 0 || count < 2 || count > kMostArguments || size > sizeof texts ||
      __wasi_args_get(arguments, (uint8_t*)texts) != 0) {
    fail("two arguments are needed: name and file");
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, load_function);
  lua_pushstring(L, (const char*)arguments[0]);
  lua_pushstring(L, (const char*)arguments[1]);
  if (lua_pcall(L, 2, 1, 0) != LUA_OK) fail(lua_tostring(L, -1));
  if (!lua_toboolean(L, -1)) exit(1);
  lua_settop(L, 0);
  lua_gc(L, LUA_GCINC, kFirstPause, 0, 0);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCINC, kPause, 0, 0);
  fflush(stderr);
  preopens_forget();
  __wasilibc_deinitialize_environ();
  fresh = true;
}

// --- serve -------------------------------------------------------------------------------------------------------

static void push(slice_t bytes) { lua_pushlstring(L, bytes.data, bytes.size); }

EXPORT(serve) void serve(void) {
  request_t request;
  if (!request_read(&request)) fail("there is no request on standard input");
  if (fresh) {
    fresh = false;
    preopens_forget();
    __wasilibc_deinitialize_environ();
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, serve_function);
  push(request.method);
  push(request.url);
  push(request.client);
  push(request.function);
  push(request.fields);
  if (lua_pcall(L, 5, 0, 0) != LUA_OK) fail(lua_tostring(L, -1));
  lua_settop(L, 0);
  fflush(stderr);
}
