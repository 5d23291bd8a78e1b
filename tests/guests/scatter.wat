;; Reads into iovecs of 1, 2 and 3 bytes with one fd_read, then writes them, the last first.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\60\00\00\00\01\00\00\00\50\00\00\00\02\00\00\00\40\00\00\00\03\00\00\00")
  (data (i32.const 24) "\40\00\00\00\03\00\00\00\50\00\00\00\02\00\00\00\60\00\00\00\01\00\00\00")
  (func (export "_start")
    (if (call $read (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 112)) (then unreachable))
    (if (i32.ne (i32.load (i32.const 112)) (i32.const 6)) (then unreachable))
    (drop (call $write (i32.const 1) (i32.const 24) (i32.const 3) (i32.const 112)))))
