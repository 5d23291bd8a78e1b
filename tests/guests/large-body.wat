;; Sets a body of 16 MiB at once, all its memory.
(module
  (import "env" "response_set_status_line" (func $status (param i32 i32 i64)))
  (import "env" "response_set_body" (func $body (param i32 i64)))
  (memory (export "memory") 256)
  (func (export "handle")
    (call $status (i32.const 200) (i32.const 0) (i64.const 0))
    (call $body (i32.const 0) (i64.const 16777216))))
