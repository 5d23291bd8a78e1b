;; Exports `handler`, without `_start`: writes the standard input, as far as it fits, then a line break.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; 0: iovecs of the input and of the line break, 16: result, 32: line break, 1024: buffer
  (data (i32.const 0) "\00\04\00\00\00\f8\00\00\20\00\00\00\01\00\00\00")
  (data (i32.const 32) "\n")
  (func (export "handler")
    (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)) (then unreachable))
    (i32.store (i32.const 4) (i32.load (i32.const 16)))
    (if (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 16)) (then unreachable))))
