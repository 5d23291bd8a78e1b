#pragma once

#include <cstdio>
#include <cstdlib>

// Aborts, in every build, when our own code has broken an invariant. Never for input, guests or the disk.
#define CHECK(condition)                                                                 \
  do {                                                                                   \
    if (!(condition)) [[unlikely]] {                                                     \
      std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
