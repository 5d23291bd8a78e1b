;; Burns CPU for some 10 ms, then copies a piece of its standard input to its standard output, twice; so it goes to the
;; background and has to come back for each write.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $burn (local $left i32)
    (local.set $left (i32.const 20000000))
    (loop $again
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (i32.store (i32.const 64) (local.get $left))
      (br_if $again (local.get $left))))
  ;; 8: iovec, 16: result, 1024: buffer
  (func $copy (param $most i32)
    (i32.store (i32.const 8) (i32.const 1024))
    (i32.store (i32.const 12) (local.get $most))
    (if (call $read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 16)) (then unreachable))
    (i32.store (i32.const 12) (i32.load (i32.const 16)))
    (if (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)) (then unreachable)))
  (func (export "_start")
    (call $burn)
    (call $copy (i32.const 3))
    (call $burn)
    (call $copy (i32.const 100))))
