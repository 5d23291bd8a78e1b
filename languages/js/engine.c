#include "quickjs.c"

#include "engine.h"

void engine_seed_random(JSContext* ctx, uint64_t seed) { ctx->random_state = seed != 0 ? seed : 1; }

void engine_keep_stack(JSRuntime* runtime, size_t bytes) { runtime->stack_limit = bytes; }

void engine_restart_clock(JSContext* ctx) { ctx->time_origin = js__now_ms(); }
