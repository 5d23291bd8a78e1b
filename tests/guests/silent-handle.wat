;; Could set a response, and does not.
(module
  (import "env" "response_set_body" (func $body (param i32 i64)))
  (memory (export "memory") 1)
  (func (export "handle")))
