// What clang calls for setjmp() and longjmp(), when they are exceptions of WebAssembly.

#include <setjmp.h>
#include <stddef.h>

enum { kLongjmpTag = 1 };  // __c_longjmp, in tag.s

void __wasm_setjmp(jmp_buf target, unsigned label, void* call) {
  target->call = call;
  target->label = label;
}

// Which setjmp() of this call the exception is for; 0 for none.
unsigned __wasm_setjmp_test(jmp_buf target, void* call) { return target->call == call ? target->label : 0; }

_Noreturn void __wasm_longjmp(jmp_buf target, int value) {
  target->thrown.target = target;
  target->thrown.value = value != 0 ? value : 1;
  __builtin_wasm_throw(kLongjmpTag, &target->thrown);
}
