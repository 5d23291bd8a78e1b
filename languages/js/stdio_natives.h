#pragma once

#include <stdbool.h>
#include <stddef.h>

// Reads the head of the request for the functions of the prelude; false when there is none.
bool stdio_begin(void);
// Whether a head or a failure has been written.
bool stdio_responded(void);
// The function failed; what is not for the client stays out of the message. Nothing is written behind a head.
void stdio_fail(const char* message, size_t size);
