// Small blocks come from heap.c, too: the arenas of QuickJS have each size on a page of its own.
#define __SANITIZE_ADDRESS__ 1
#include "quickjs.c"
#undef __SANITIZE_ADDRESS__

#include "engine.h"

void engine_seed_random(JSContext* ctx, uint64_t seed) { ctx->random_state = seed != 0 ? seed : 1; }

void engine_keep_stack(JSRuntime* runtime, size_t bytes) { runtime->stack_limit = bytes; }
