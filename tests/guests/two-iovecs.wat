;; Writes "Hello World!\n" as two iovecs of one fd_write and ignores the count, as seed 002's AssemblyScript does.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\0c\00\00\00\2c\00\00\00\01\00\00\00")
  (data (i32.const 32) "Hello World!\n")
  (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 24)))))
