#include "handle.h"

EXPORT(hello) void hello(void) {
  host_log(TEXT("Hello world with api!"));
  answer(200, TEXT("Ok"), TEXT("Hello world from wasm!\n"));
}

EXPORT(handle) void handle(void) {
  hello();
}

EXPORT(bonjour) void bonjour(void) {
  host_log(TEXT("Bonjour tout le monde!"));
  answer(200, TEXT("Ok"), TEXT("Bonjour tout le monde depuis le monde merveilleux de WASM!\n"));
}
