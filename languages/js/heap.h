#pragma once

// The memory of QuickJS. What a request allocates lies side by side, on as few pages as it fills: each page that is
// written to costs a copy of it.

#include <quickjs.h>

extern const JSMallocFunctions heap_functions;

// From now on nothing is put into the gaps between what is allocated already.
void heap_settle(void);
