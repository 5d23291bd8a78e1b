;; Aborts as AssemblyScript does: its message is UTF-16 with its size before it.
(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\06\00\00\00b\00a\00d\00")
  (data (i32.const 32) "\08\00\00\00a\00.\00t\00s\00")
  (func (export "run") (result i32) (call $abort (i32.const 20) (i32.const 36) (i32.const 3) (i32.const 7)) unreachable))
