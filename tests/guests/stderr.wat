;; Writes "out" to standard output and two lines to standard error, the second without its end.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\03\00\00\00\40\00\00\00\0c\00\00\00")
  (data (i32.const 32) "out")
  (data (i32.const 64) "first\nsecond")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24)))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 24)))))
