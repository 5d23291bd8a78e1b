;; Adds headers of 1 MiB for ever.
(module
  (import "env" "response_set_header" (func $header (param i32 i64 i32 i64)))
  (memory (export "memory") 17)
  (data (i32.const 0) "X")
  (func (export "handle")
    (memory.fill (i32.const 1) (i32.const 65) (i32.const 1048576))
    (loop $for_ever
      (call $header (i32.const 0) (i64.const 1) (i32.const 1) (i64.const 1048576))
      (br $for_ever))))
