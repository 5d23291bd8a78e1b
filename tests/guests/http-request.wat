;; Makes a request and writes all that came of it. Input: six numbers - how often to ask, where the body goes, the lengths
;; of method, URL, headers and body - then these four. Output: ten numbers as stored below, the value of the header
;; `x-answer`, all headers, the body.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_experimental_http" "req"
    (func $req (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_experimental_http" "header_get" (func $header_get (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_experimental_http" "headers_get_all" (func $headers_get_all (param i32 i32 i32 i32) (result i32)))
  (import "wasi_experimental_http" "body_read" (func $body_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_experimental_http" "close" (func $close (param i32) (result i32)))
  (memory (export "memory") 64)
  (data (i32.const 0x100) "x-answer")
  (global $method i32 (i32.const 0x10018))  ;; behind the six numbers of the input

  (func $write (param $from i32) (param $length i32)
    (i32.store (i32.const 0x200) (local.get $from))
    (i32.store (i32.const 0x204) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0x200) (i32.const 1) (i32.const 0x208))))

  (func (export "_start") (local $url i32) (local $headers i32) (local $body i32) (local $left i32)
    (i32.store (i32.const 0x200) (i32.const 0x10000))
    (i32.store (i32.const 0x204) (i32.const 0x100000))
    (drop (call $fd_read (i32.const 0) (i32.const 0x200) (i32.const 1) (i32.const 0x208)))
    (local.set $left (i32.load (i32.const 0x10000)))
    (local.set $url (i32.add (global.get $method) (i32.load (i32.const 0x10008))))
    (local.set $headers (i32.add (local.get $url) (i32.load (i32.const 0x1000c))))
    (local.set $body (i32.add (local.get $headers) (i32.load (i32.const 0x10010))))
    (loop $again
      (i32.store (i32.const 0)
        (call $req
          (local.get $url) (i32.load (i32.const 0x1000c)) (global.get $method) (i32.load (i32.const 0x10008))
          (local.get $headers) (i32.load (i32.const 0x10010)) (local.get $body) (i32.load (i32.const 0x10014))
          (i32.const 4) (i32.const 8)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.store (i32.const 12)
      (call $header_get (i32.load (i32.const 8)) (i32.const 0x100) (i32.const 8) (i32.const 0x400) (i32.const 16)
        (i32.const 32)))
    (i32.store (i32.const 16)
      (call $headers_get_all (i32.load (i32.const 8)) (i32.const 0x800) (i32.const 0x1000) (i32.const 36)))
    (i32.store (i32.const 20)
      (call $body_read (i32.load (i32.const 8)) (i32.load (i32.const 0x10004)) (i32.const 0x200000) (i32.const 24)))
    (drop (call $close (i32.load (i32.const 8))))
    (i32.store (i32.const 28)
      (call $body_read (i32.load (i32.const 8)) (i32.const 0) (i32.const 0) (i32.const 0x300)))
    (call $write (i32.const 0) (i32.const 40))
    (call $write (i32.const 0x400) (i32.load (i32.const 32)))
    (call $write (i32.const 0x800) (i32.load (i32.const 36)))
    (call $write (i32.load (i32.const 0x10004)) (i32.load (i32.const 24)))))
