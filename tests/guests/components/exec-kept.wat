;; `exec(key)`: logs the key with wasi:logging and returns its value of wasi:config; without one, counts it with
;; wasi:keyvalue and returns the count, as it is kept.
(component
  (import "wasi:logging/logging" (instance $logging
    (type $levels (enum "trace" "debug" "info" "warn" "error" "critical"))
    (export "level" (type $level (eq $levels)))
    (export "log" (func (param "level" $level) (param "context" string) (param "message" string)))))
  (import "wasi:config/store@0.2.0-rc.1" (instance $config
    (type $errors (variant (case "upstream" string) (case "io" string)))
    (export "error" (type $error (eq $errors)))
    (export "get" (func (param "key" string) (result (result (option string) (error $error)))))))
  (import "wasi:keyvalue/store@0.2.0-draft" (instance $store
    (type $errors (variant (case "no-such-store") (case "access-denied") (case "other" string)))
    (export "error" (type $error (eq $errors)))
    (export "bucket" (type $bucket (sub resource)))
    (export "open" (func (param "identifier" string) (result (result (own $bucket) (error $error)))))
    (export "[method]bucket.get" (func
      (param "self" (borrow $bucket)) (param "key" string) (result (result (option (list u8)) (error $error)))))))
  (alias export $store "bucket" (type $bucket))
  (alias export $store "error" (type $error))
  (import "wasi:keyvalue/atomics@0.2.0-draft" (instance $atomics
    (alias outer 1 $bucket (type $outer-bucket))
    (export "bucket" (type $bucket (eq $outer-bucket)))
    (alias outer 1 $error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (export "increment" (func
      (param "bucket" (borrow $bucket)) (param "key" string) (param "delta" u64) (result (result u64 (error $error)))))))

  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32) (param $bytes i32) (result i32)
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get $bytes) (i32.const 7)) (i32.const -8))))))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))

  (core func $log (canon lower (func $logging "log") (memory $memory)))
  (core func $config (canon lower (func $config "get") (memory $memory) (realloc $realloc)))
  (core func $open (canon lower (func $store "open") (memory $memory) (realloc $realloc)))
  (core func $get (canon lower (func $store "[method]bucket.get") (memory $memory) (realloc $realloc)))
  (core func $count (canon lower (func $atomics "increment") (memory $memory) (realloc $realloc)))

  (core module $program
    (import "heap" "memory" (memory 1))
    (import "host" "log" (func $log (param i32 i32 i32 i32 i32)))
    (import "host" "config" (func $config (param i32 i32 i32)))
    (import "host" "open" (func $open (param i32 i32 i32)))
    (import "host" "get" (func $get (param i32 i32 i32 i32)))
    (import "host" "count" (func $count (param i32 i32 i32 i64 i32)))
    (data (i32.const 64) "kept")

    (func (export "exec") (param $key i32) (param $length i32) (result i32)
      (local $bucket i32)
      (call $log (i32.const 3) (i32.const 64) (i32.const 4) (local.get $key) (local.get $length))
      (call $config (local.get $key) (local.get $length) (i32.const 256))
      (if (i32.load8_u (i32.const 260)) (then (return (i32.const 264))))
      (call $open (i32.const 0) (i32.const 0) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then unreachable))
      (local.set $bucket (i32.load (i32.const 260)))
      (call $count (local.get $bucket) (local.get $key) (local.get $length) (i64.const 2) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then unreachable))
      (call $get (local.get $bucket) (local.get $key) (local.get $length) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then unreachable))
      (if (i32.eqz (i32.load8_u (i32.const 260))) (then unreachable))
      (i32.const 264)))
  (core instance $program (instantiate $program
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "log" (func $log))
      (export "config" (func $config))
      (export "open" (func $open))
      (export "get" (func $get))
      (export "count" (func $count))))))
  (func (export "exec") (param "input" string) (result string)
    (canon lift (core func $program "exec") (memory $memory) (realloc $realloc))))
