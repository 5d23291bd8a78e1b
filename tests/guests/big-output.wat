;; Writes 3 MiB + 5 bytes to stdout with one fd_write of two buffers, and checks how many were written.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 50)
  (data (i32.const 16) "hello")
  (data (i32.const 32) "\00\00\01\00\00\00\30\00\10\00\00\00\05\00\00\00") ;; 65536, 3 MiB; 16, 5
  (func (export "_start")
    (if (call $write (i32.const 1) (i32.const 32) (i32.const 2) (i32.const 28)) (then unreachable))
    (if (i32.ne (i32.load (i32.const 28)) (i32.const 3145733)) (then unreachable))))
