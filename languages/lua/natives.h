#pragma once

#include <lua.h>

// Pushes the table of what mayfly.lua needs of C.
void natives_push(lua_State* L);
