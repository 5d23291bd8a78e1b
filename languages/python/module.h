#pragma once

#include <Python.h>

// Makes the builtin module `_mayfly`: the request's body, the response, and outgoing HTTP, for mayfly/.
PyObject* mayfly_module(void);
