#pragma once

// QuickJS, with what its interface lacks and a driver needs.

#include <quickjs.h>

// What Math.random() goes on from.
void engine_seed_random(JSContext* ctx, uint64_t seed);
// Recursion ends with a RangeError when fewer bytes than that are left of the stack, which ends at address 0.
void engine_keep_stack(JSRuntime* runtime, size_t bytes);
