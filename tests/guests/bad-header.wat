;; Sets a header that would be two lines.
(module
  (import "env" "response_set_status_line" (func $status (param i32 i32 i64)))
  (import "env" "response_set_header" (func $header (param i32 i64 i32 i64)))
  (import "env" "response_set_body" (func $body (param i32 i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "X-aab\r\nSet-Cookie: c=d")
  (func (export "handle")
    (call $status (i32.const 200) (i32.const 0) (i64.const 0))
    (call $header (i32.const 0) (i64.const 3) (i32.const 3) (i64.const 19))
    (call $body (i32.const 0) (i64.const 0))))
