;; `exec(path)` with wasi:filesystem 0.2: makes the file in the first directory that is there, writes "hello" through a stream
;; and returns the length of the file and what is read from 1 on, `5ello`; or `!031`, the number of the error-code.
(component
  (import "wasi:io/error@0.2.0" (instance $errors (export "error" (type (sub resource)))))
  (alias export $errors "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $failure (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $failure)))
    (export "output-stream" (type $output-stream (sub resource)))
    (export "[method]output-stream.blocking-write-and-flush" (func
      (param "self" (borrow $output-stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:clocks/wall-clock@0.2.0" (instance $clock
    (type $time (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type (eq $time)))))
  (alias export $clock "datetime" (type $datetime))

  (import "wasi:filesystem/types@0.2.0" (instance $types
    (alias outer 1 $output-stream (type $outer-output-stream))
    (export "output-stream" (type $output-stream (eq $outer-output-stream)))
    (alias outer 1 $datetime (type $outer-datetime))
    (export "datetime" (type $datetime (eq $outer-datetime)))
    (type $errors (enum
      "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large"
      "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop" "too-many-links"
      "message-size" "name-too-long" "no-device" "no-entry" "no-lock" "insufficient-memory" "insufficient-space"
      "not-directory" "not-empty" "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow"
      "not-permitted" "pipe" "read-only" "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $error-code (eq $errors)))
    (type $types (enum "unknown" "block-device" "character-device" "directory" "fifo" "symbolic-link" "regular-file"
      "socket"))
    (export "descriptor-type" (type $descriptor-type (eq $types)))
    (type $modes (flags "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync"
      "mutate-directory"))
    (export "descriptor-flags" (type $descriptor-flags (eq $modes)))
    (type $follows (flags "symlink-follow"))
    (export "path-flags" (type $path-flags (eq $follows)))
    (type $opens (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $open-flags (eq $opens)))
    (type $stats (record (field "type" $descriptor-type) (field "link-count" u64) (field "size" u64)
      (field "data-access-timestamp" (option $datetime)) (field "data-modification-timestamp" (option $datetime))
      (field "status-change-timestamp" (option $datetime))))
    (export "descriptor-stat" (type $descriptor-stat (eq $stats)))
    (export "descriptor" (type $descriptor (sub resource)))
    (export "[method]descriptor.open-at" (func
      (param "self" (borrow $descriptor)) (param "path-flags" $path-flags) (param "path" string)
      (param "open-flags" $open-flags) (param "flags" $descriptor-flags)
      (result (result (own $descriptor) (error $error-code)))))
    (export "[method]descriptor.write-via-stream" (func
      (param "self" (borrow $descriptor)) (param "offset" u64)
      (result (result (own $output-stream) (error $error-code)))))
    (export "[method]descriptor.read" (func
      (param "self" (borrow $descriptor)) (param "length" u64) (param "offset" u64)
      (result (result (tuple (list u8) bool) (error $error-code)))))
    (export "[method]descriptor.stat" (func
      (param "self" (borrow $descriptor)) (result (result $descriptor-stat (error $error-code)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (alias outer 1 $descriptor (type $outer-descriptor))
    (export "descriptor" (type $descriptor (eq $outer-descriptor)))
    (export "get-directories" (func (result (list (tuple (own $descriptor) string)))))))

  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32) (param $bytes i32) (result i32)
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get $bytes) (i32.const 7)) (i32.const -8))))))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))

  (core func $directories (canon lower
    (func $preopens "get-directories") (memory $memory) (realloc $realloc)))
  (core func $open (canon lower (func $types "[method]descriptor.open-at") (memory $memory)))
  (core func $stream (canon lower (func $types "[method]descriptor.write-via-stream") (memory $memory)))
  (core func $read (canon lower (func $types "[method]descriptor.read") (memory $memory) (realloc $realloc)))
  (core func $stat (canon lower (func $types "[method]descriptor.stat") (memory $memory)))
  (core func $write (canon lower
    (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory)))

  (core module $program
    (import "heap" "memory" (memory 1))
    (import "host" "directories" (func $directories (param i32)))
    (import "host" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "stream" (func $stream (param i32 i64 i32)))
    (import "host" "read" (func $read (param i32 i64 i64 i32)))
    (import "host" "stat" (func $stat (param i32 i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (data (i32.const 64) "hello")

    ;; `!` and three digits at 512, as the string at 500.
    (func $failed (param $number i32) (result i32)
      (i32.store8 (i32.const 512) (i32.const 33))
      (i32.store8 (i32.const 513) (i32.add (i32.const 48) (i32.div_u (local.get $number) (i32.const 100))))
      (i32.store8 (i32.const 514)
        (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $number) (i32.const 10)) (i32.const 10))))
      (i32.store8 (i32.const 515) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (i32.store (i32.const 500) (i32.const 512))
      (i32.store (i32.const 504) (i32.const 4))
      (i32.const 500))

    (func (export "exec") (param $path i32) (param $length i32) (result i32)
      (local $file i32)
      (call $directories (i32.const 256))
      (call $open (i32.load (i32.load (i32.const 256))) (i32.const 0) (local.get $path) (local.get $length)
        (i32.const 1) (i32.const 3) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then (return (call $failed (i32.load8_u (i32.const 260))))))
      (local.set $file (i32.load (i32.const 260)))
      (call $stream (local.get $file) (i64.const 0) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then (return (call $failed (i32.load8_u (i32.const 260))))))
      (call $write (i32.load (i32.const 260)) (i32.const 64) (i32.const 5) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then unreachable))
      (call $stat (local.get $file) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then (return (call $failed (i32.load8_u (i32.const 264))))))
      (i32.store8 (i32.const 512) (i32.add (i32.const 48) (i32.load (i32.const 280))))
      (call $read (local.get $file) (i64.const 100) (i64.const 1) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then (return (call $failed (i32.load8_u (i32.const 260))))))
      (memory.copy (i32.const 513) (i32.load (i32.const 260)) (i32.load (i32.const 264)))
      (i32.store (i32.const 500) (i32.const 512))
      (i32.store (i32.const 504) (i32.add (i32.load (i32.const 264)) (i32.const 1)))
      (i32.const 500)))
  (core instance $program (instantiate $program
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "directories" (func $directories))
      (export "open" (func $open))
      (export "stream" (func $stream))
      (export "read" (func $read))
      (export "stat" (func $stat))
      (export "write" (func $write))))))
  (func (export "exec") (param "input" string) (result string)
    (canon lift (core func $program "exec") (memory $memory) (realloc $realloc))))
