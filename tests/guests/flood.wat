;; Writes a page of NULs again and again.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 4) "\00\00\01\00")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 65536))
    (loop $more
      (br_if $more (i32.eqz (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))))
