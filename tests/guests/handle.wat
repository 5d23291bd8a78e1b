;; Sets a whole response through the `env` functions, with its memory imported.
(module
  (import "env" "memory" (memory 1))
  (import "env" "log" (func $log (param i32 i64)))
  (import "env" "response_set_status_line" (func $status (param i32 i32 i64)))
  (import "env" "response_set_header" (func $header (param i32 i64 i32 i64)))
  (import "env" "response_set_body" (func $body (param i32 i64)))
  (data (i32.const 0) "noteMadeX-abhi")
  (func (export "handle")
    (call $log (i32.const 0) (i64.const 4))
    (call $status (i32.const 201) (i32.const 4) (i64.const 4))
    (call $header (i32.const 8) (i64.const 3) (i32.const 11) (i64.const 1))
    (call $body (i32.const 12) (i64.const 2))))
