#pragma once

#include <quickjs.h>

// Where modules come from: the prelude's from this module, the function's as the prelude says (prelude/modules.js).
void modules_add(JSContext* ctx);
// Evaluates a module of the prelude; its namespace, or an exception.
JSValue modules_prelude(JSContext* ctx, const char* name);
