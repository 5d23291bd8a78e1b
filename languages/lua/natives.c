#include "natives.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>
#include <wasi/api.h>

#include "stdio_http.h"

// fields(bytes): names and values of header fields as they stand in the head of a request, in turn.
static int fields(lua_State* L) {
  slice_t rest;
  rest.data = luaL_checklstring(L, 1, &rest.size);
  lua_newtable(L);
  slice_t text;
  for (lua_Integer i = 1; next_string(&rest, &text); ++i) {
    lua_pushlstring(L, text.data, text.size);
    lua_rawseti(L, -2, i);
  }
  return 1;
}

// read_body(): all of it.
static int read_body(lua_State* L) {
  size_t size;
  char* body = body_read_all(&size);
  lua_pushlstring(L, body, size);
  free(body);
  return 1;
}

// respond(status, fields, bytes): the head, with names and values in turn, and what there is of the body.
static int respond(lua_State* L) {
  const lua_Integer status = luaL_checkinteger(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t size;
  const char* body = luaL_checklstring(L, 3, &size);
  response_begin((uint32_t)status);
  const lua_Integer count = luaL_len(L, 2);
  for (lua_Integer i = 1; i + 1 <= count; i += 2) {
    size_t name_size, value_size;
    lua_rawgeti(L, 2, i);
    lua_rawgeti(L, 2, i + 1);
    const char* name = luaL_checklstring(L, -2, &name_size);
    const char* value = luaL_checklstring(L, -1, &value_size);
    response_field(name, name_size, value, value_size);
    lua_pop(L, 2);
  }
  response_end_head_with(body, size);
  return 0;
}

static int write_body(lua_State* L) {
  size_t size;
  const char* bytes = luaL_checklstring(L, 1, &size);
  body_write(bytes, size);
  return 0;
}

// fail(message): in the place of a response.
static int fail_request(lua_State* L) {
  size_t size;
  const char* message = luaL_checklstring(L, 1, &size);
  response_fail(message, size);
  return 0;
}

// seeds(): two random integers.
static int seeds(lua_State* L) {
  uint64_t random[2] = {0};
  (void)__wasi_random_get((uint8_t*)random, sizeof random);
  lua_pushinteger(L, (lua_Integer)random[0]);
  lua_pushinteger(L, (lua_Integer)random[1]);
  return 2;
}

// --- Outgoing HTTP -----------------------------------------------------------------------------------------------

#define GATE(name) __attribute__((import_module("wasi_experimental_http"), import_name(name)))

GATE("req")
uint32_t gate_request(const char* url, size_t url_size, const char* method, size_t method_size, const char* headers,
                      size_t headers_size, const char* body, size_t body_size, uint16_t* status, uint32_t* handle);
GATE("headers_get_all") uint32_t gate_headers(uint32_t handle, char* into, size_t room, size_t* size);
GATE("body_read") uint32_t gate_body(uint32_t handle, char* into, size_t room, size_t* size);
GATE("close") uint32_t gate_close(uint32_t handle);

enum { kHeaderRoom = 128 << 10, kBodyRoom = 64 << 10 };

// request(url, method, header lines, body): 0, status, header lines, body; or why not, as a code of docs/abi.md.
static int request(lua_State* L) {
  size_t url_size, method_size, headers_size, body_size;
  const char* url = luaL_checklstring(L, 1, &url_size);
  const char* method = luaL_checklstring(L, 2, &method_size);
  const char* headers = luaL_checklstring(L, 3, &headers_size);
  const char* body = luaL_checklstring(L, 4, &body_size);
  uint16_t status = 0;
  uint32_t handle = 0;
  uint32_t code =
      gate_request(url, url_size, method, method_size, headers, headers_size, body, body_size, &status, &handle);
  if (code != 0) {
    lua_pushinteger(L, code);
    return 1;
  }
  lua_pushinteger(L, 0);
  lua_pushinteger(L, status);
  luaL_Buffer buffer;
  size_t size = 0;
  char* lines = luaL_buffinitsize(L, &buffer, kHeaderRoom);
  code = gate_headers(handle, lines, kHeaderRoom, &size);
  luaL_pushresultsize(&buffer, code == 0 ? size : 0);
  luaL_buffinit(L, &buffer);
  while (code == 0) {
    code = gate_body(handle, luaL_prepbuffsize(&buffer, kBodyRoom), kBodyRoom, &size);
    if (code != 0 || size == 0) break;
    luaL_addsize(&buffer, size);
  }
  luaL_pushresult(&buffer);
  (void)gate_close(handle);
  if (code == 0) return 4;
  lua_pushinteger(L, code);
  return 1;
}

void natives_push(lua_State* L) {
  static const luaL_Reg natives[] = {
      {"fields", fields},     {"read_body", read_body}, {"respond", respond}, {"write", write_body},
      {"fail", fail_request}, {"seeds", seeds},         {"request", request}, {NULL, NULL},
  };
  luaL_newlib(L, natives);
}
