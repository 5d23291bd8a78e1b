;; Looks for a preopened directory, opens a path, and checks that there is none: EBADF (8), on a stream ENOTDIR (54).
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "etc/passwd")
  (func $open_from (param $directory i32) (result i32)
    (call $open (local.get $directory) (i32.const 0) (i32.const 0) (i32.const 10) (i32.const 0) (i64.const -1)
      (i64.const -1) (i32.const 0) (i32.const 32)))
  (func (export "_start")
    (if (i32.ne (call $prestat (i32.const 3) (i32.const 32)) (i32.const 8)) (then unreachable))
    (if (i32.ne (call $open_from (i32.const 3)) (i32.const 8)) (then unreachable))
    (if (i32.ne (call $open_from (i32.const 0)) (i32.const 54)) (then unreachable))))
