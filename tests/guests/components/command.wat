;; A command: `wasi:cli/run` that writes "hello\n" to stdout.
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
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $outer-output-stream))
    (export "output-stream" (type $output-stream (eq $outer-output-stream)))
    (export "get-stdout" (func (result (own $output-stream))))))
  (core module $memory (memory (export "memory") 1))
  (core instance $shared (instantiate $memory))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush")
    (memory (core memory $shared "memory"))))
  (core module $code
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "shared" "memory" (memory 1))
    (data (i32.const 100) "hello\n")
    (func (export "run") (result i32)
      (call $write (call $get-stdout) (i32.const 100) (i32.const 6) (i32.const 0))
      (i32.load8_u (i32.const 0))))
  (core instance $run (instantiate $code
    (with "host" (instance (export "get-stdout" (func $get-stdout)) (export "write" (func $write))))
    (with "shared" (instance $shared))))
  (func $lifted (result (result)) (canon lift (core func $run "run")))
  (instance $exported (export "run" (func $lifted)))
  (export "wasi:cli/run@0.2.0" (instance $exported)))
