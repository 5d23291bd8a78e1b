;; Exports `_start` and `other`; each writes its name.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\05\00\00\00\40\00\00\00\05\00\00\00")
  (data (i32.const 32) "start")
  (data (i32.const 64) "other")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24))))
  (func (export "other") (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 24)))))
