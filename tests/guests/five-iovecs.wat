;; Writes "abcdef" as five iovecs, empty ones among them, from descending addresses, and checks the count of 6.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\60\00\00\00\01\00\00\00\60\00\00\00\00\00\00\00\50\00\00\00\02\00\00\00")
  (data (i32.const 24) "\00\00\00\00\00\00\00\00\40\00\00\00\03\00\00\00")
  (data (i32.const 64) "def")
  (data (i32.const 80) "bc")
  (data (i32.const 96) "a")
  (func (export "_start")
    (if (call $write (i32.const 1) (i32.const 0) (i32.const 5) (i32.const 112)) (then unreachable))
    (if (i32.ne (i32.load (i32.const 112)) (i32.const 6)) (then unreachable))))
