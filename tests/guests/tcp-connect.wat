;; Connects to the variable `to`, and answers 200 when it could, 404 otherwise.
(module
  (import "env" "memory" (memory 1))
  (import "env" "db_get" (func $get (param i32 i64 i32 i64) (result i64)))
  (import "env" "tcp_connect" (func $connect (param i32 i64) (result i32)))
  (import "env" "response_set_status_line" (func $status (param i32 i32 i64)))
  (import "env" "response_set_body" (func $body (param i32 i64)))
  (data (i32.const 0) "to")
  (func (export "handle")
    (call $status
      (select (i32.const 404) (i32.const 200)
        (i32.lt_s
          (call $connect (i32.const 16) (call $get (i32.const 0) (i64.const 2) (i32.const 16) (i64.const 1000)))
          (i32.const 0)))
      (i32.const 0) (i64.const 0))
    (call $body (i32.const 0) (i64.const 0))))
