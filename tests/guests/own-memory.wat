;; Sets a response from a memory of its own.
(module
  (import "env" "response_set_status_line" (func $status (param i32 i32 i64)))
  (import "env" "response_set_body" (func $body (param i32 i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "Okown")
  (func (export "handle")
    (call $status (i32.const 200) (i32.const 0) (i64.const 2))
    (call $body (i32.const 2) (i64.const 3))))
