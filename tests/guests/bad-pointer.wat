;; Sets a body that lies outside its memory, with a length that wraps.
(module
  (import "env" "response_set_body" (func $body (param i32 i64)))
  (memory (export "memory") 1)
  (func (export "handle") (call $body (i32.const 65535) (i64.const -1))))
