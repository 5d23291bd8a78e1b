#pragma once

// Lua's errors, as exceptions of WebAssembly: clang makes them of setjmp() and longjmp(), with setjmp.c.

typedef struct {
  void* call;      // of the function that called setjmp()
  unsigned label;  // which setjmp() of it
  struct {
    void* target;
    int value;
  } thrown;
} jmp_buf[1];

__attribute__((returns_twice)) int setjmp(jmp_buf);
_Noreturn void longjmp(jmp_buf, int);
