// Ruby's handles of values: nobody outside keeps any (merged with ruby.wasm as what it imports from canonical_abi).

#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

EXPORT("resource_drop_js-abi-value") void drop(uint32_t value) {}
EXPORT("resource_new_rb-abi-value") uint32_t new(uint32_t value) { return value; }
EXPORT("resource_get_rb-abi-value") uint32_t get(uint32_t value) { return value; }
