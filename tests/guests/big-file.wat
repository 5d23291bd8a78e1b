;; Writes 3 MiB + 5 bytes to a new file of descriptor 3 with one fd_write of two buffers, and checks its size and its
;; last byte. The second buffer is the 5 bytes "hello".
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $tell (param i32 i32) (result i32)))
  (memory (export "memory") 50)
  (data (i32.const 0) "file")
  (data (i32.const 16) "hello")
  (data (i32.const 32) "\00\00\01\00\00\00\30\00\10\00\00\00\05\00\00\00") ;; 65536, 3 MiB; 16, 5
  (data (i32.const 48) "\40\00\00\00\0a\00\00\00") ;; 64, 10
  (func $expect (param $got i32) (param $wanted i32)
    (if (i32.ne (local.get $got) (local.get $wanted)) (then unreachable)))
  (func (export "_start")
    (call $expect
      (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 1) (i64.const 66) (i64.const 0)
        (i32.const 0) (i32.const 24))
      (i32.const 0))
    (call $expect (call $write (i32.load (i32.const 24)) (i32.const 32) (i32.const 2) (i32.const 28)) (i32.const 0))
    (call $expect (i32.load (i32.const 28)) (i32.const 3145733))
    (call $expect (call $tell (i32.load (i32.const 24)) (i32.const 96)) (i32.const 0))
    (call $expect (i32.load (i32.const 96)) (i32.const 3145733))
    (call $expect
      (call $pread (i32.load (i32.const 24)) (i32.const 48) (i32.const 1) (i64.const 3145732) (i32.const 28))
      (i32.const 0))
    (call $expect (i32.load (i32.const 28)) (i32.const 1))
    (call $expect (i32.load8_u (i32.const 64)) (i32.const 111)))) ;; o
