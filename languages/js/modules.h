#pragma once

#include <quickjs.h>
#include <stdbool.h>

// Where modules come from: the prelude's from this module, the function's as the prelude says (prelude/modules.js).
void modules_add(JSContext* ctx);
// Compiles the prelude, once and before anything else, in a runtime of its own: what a parser leaves behind does not lie
// between the objects of the one that runs it. False after writing why to standard error.
bool modules_compile_prelude(void);
// Evaluates a module of the prelude; its namespace, or an exception.
JSValue modules_prelude(JSContext* ctx, const char* name);
