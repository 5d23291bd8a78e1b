;; Checks that a function without bundle or volume has /tmp, empty, and nothing else: descriptor 4 is EBADF (8), a
;; path in /tmp ENOENT (44), one that leaves it EPERM (63), one from a stream ENOTDIR (54).
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "etc/passwd")
  (data (i32.const 16) "../etc/passwd")
  (data (i32.const 32) "/etc/passwd")
  (func $open_from (param $directory i32) (param $path i32) (param $length i32) (result i32)
    (call $open (local.get $directory) (i32.const 1) (local.get $path) (local.get $length) (i32.const 0)
      (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 64)))
  (func $expect (param $got i32) (param $wanted i32)
    (if (i32.ne (local.get $got) (local.get $wanted)) (then unreachable)))
  (func (export "_start")
    (call $expect (call $prestat (i32.const 3) (i32.const 64)) (i32.const 0))
    (call $expect (i32.load (i32.const 68)) (i32.const 4))
    (call $expect (call $name (i32.const 3) (i32.const 64) (i32.const 4)) (i32.const 0))
    (call $expect (i32.load (i32.const 64)) (i32.const 0x706d742f)) ;; /tmp
    (call $expect (call $prestat (i32.const 4) (i32.const 64)) (i32.const 8))
    (call $expect (call $open_from (i32.const 4) (i32.const 0) (i32.const 10)) (i32.const 8))
    (call $expect (call $open_from (i32.const 0) (i32.const 0) (i32.const 10)) (i32.const 54))
    (call $expect (call $open_from (i32.const 3) (i32.const 0) (i32.const 10)) (i32.const 44))
    (call $expect (call $open_from (i32.const 3) (i32.const 16) (i32.const 13)) (i32.const 63))
    (call $expect (call $open_from (i32.const 3) (i32.const 32) (i32.const 11)) (i32.const 63))))
