#pragma once

#include <Python.h>

// A time zone as a TZif file.
typedef struct {
  const char* name;
  const char* data;
  Py_ssize_t size;
} zone_t;

// All that there are; the last has no name.
extern const zone_t mayfly_zones[];

// Makes the builtin module `_mayfly`: the request's body, the response, randomness, outgoing HTTP and time
// zones, for mayfly/.
PyObject* mayfly_module(void);
