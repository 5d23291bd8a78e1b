// The interface `calc` of typed-calc.wit, by hand: each export has the name and the flat arguments that the canonical ABI
// gives it. What does not fit one result is returned by its address.
#include <stdint.h>

#define EXPORT(function) __attribute__((export_name("demo:calc/calc@1.0.0#" function)))

EXPORT("add") uint32_t add(uint32_t a, uint32_t b) { return a + b; }

// result<s32, string>
struct divided {
  uint8_t is_err;
  union {
    int32_t quotient;
    struct {
      const char *text;
      uint32_t length;
    } error;
  };
};

static struct divided *fail(struct divided *result, const char *text, uint32_t length) {
  result->is_err = 1;
  result->error.text = text;
  result->error.length = length;
  return result;
}
#define FAIL(result, text) fail(result, text, sizeof(text) - 1)

EXPORT("divide") struct divided *divide(int32_t a, int32_t b) {
  static struct divided result;
  if (b == 0) return FAIL(&result, "division by zero");
  if (a == INT32_MIN && b == -1) return FAIL(&result, "the quotient is too large");
  result.is_err = 0;
  result.quotient = a / b;
  return &result;
}

struct point {
  int32_t x, y;
};

// A record arrives as its fields.
EXPORT("mirror") struct point *mirror(int32_t x, int32_t y) {
  static struct point result;
  result.x = (int32_t)(0u - (uint32_t)x);
  result.y = (int32_t)(0u - (uint32_t)y);
  return &result;
}
