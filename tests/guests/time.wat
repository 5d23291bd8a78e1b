;; Writes the realtime clock, the monotonic clock and its resolution, 8 bytes each; CPU clocks are ENOTSUP (58).
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get" (func $resolution (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\18\00\00\00")
  (func (export "_start")
    (if (call $time (i32.const 0) (i64.const 1) (i32.const 32)) (then unreachable))
    (if (call $time (i32.const 1) (i64.const 1) (i32.const 40)) (then unreachable))
    (if (call $resolution (i32.const 1) (i32.const 48)) (then unreachable))
    (if (i32.ne (call $time (i32.const 2) (i64.const 1) (i32.const 64)) (i32.const 58)) (then unreachable))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24)))))
