#pragma once

// The memory of QuickJS. What a request allocates lies side by side, on as few pages as it fills: each page that is
// written to costs a copy of it.

#include <quickjs.h>
#include <stdbool.h>

extern const JSMallocFunctions heap_functions;

// Whether there was no memory for something, since this was asked last.
bool heap_ran_out(void);
// Between these, memory comes from elsewhere; all of it must be released before the end.
void heap_begin_scratch(void);
void heap_end_scratch(void);
// From now on nothing is put into the gaps between what is allocated already.
void heap_settle(void);
