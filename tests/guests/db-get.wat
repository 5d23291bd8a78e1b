;; Reads the variable `key` into two bytes, and answers these, with the whole length as status; -1 becomes 404.
(module
  (import "env" "memory" (memory 1))
  (import "env" "db_get" (func $get (param i32 i64 i32 i64) (result i64)))
  (import "env" "response_set_status_line" (func $status (param i32 i32 i64)))
  (import "env" "response_set_body" (func $body (param i32 i64)))
  (data (i32.const 0) "key")
  (data (i32.const 16) "....")
  (func (export "handle") (local $length i64)
    (local.set $length (call $get (i32.const 0) (i64.const 3) (i32.const 16) (i64.const 2)))
    (call $status
      (select (i32.const 404) (i32.add (i32.const 200) (i32.wrap_i64 (local.get $length)))
        (i64.eq (local.get $length) (i64.const -1)))
      (i32.const 0) (i64.const 0))
    (call $body (i32.const 16) (i64.const 4))))
