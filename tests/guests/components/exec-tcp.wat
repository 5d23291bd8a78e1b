;; `exec(port)`, in decimal digits: connects to 127.0.0.1:PORT with wasi:sockets 0.2 and returns `=000`, or `!001`, the
;; number of the error-code that it failed with.
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "input-stream" (type (sub resource)))
    (export "output-stream" (type (sub resource)))))
  (alias export $streams "input-stream" (type $input-stream))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:sockets/network@0.2.0" (instance $network
    (export "network" (type (sub resource)))
    (type $codes (enum
      "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout" "concurrency-conflict"
      "not-in-progress" "would-block" "invalid-state" "new-socket-limit" "address-not-bindable" "address-in-use"
      "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted" "datagram-too-large"
      "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure"))
    (export "error-code" (type (eq $codes)))
    (type $families (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $families)))
    (type $v4 (tuple u8 u8 u8 u8))
    (export "ipv4-address" (type $ipv4-address (eq $v4)))
    (type $v6 (tuple u16 u16 u16 u16 u16 u16 u16 u16))
    (export "ipv6-address" (type $ipv6-address (eq $v6)))
    (type $v4-socket (record (field "port" u16) (field "address" $ipv4-address)))
    (export "ipv4-socket-address" (type $ipv4-socket-address (eq $v4-socket)))
    (type $v6-socket (record
      (field "port" u16) (field "flow-info" u32) (field "address" $ipv6-address) (field "scope-id" u32)))
    (export "ipv6-socket-address" (type $ipv6-socket-address (eq $v6-socket)))
    (type $socket (variant (case "ipv4" $ipv4-socket-address) (case "ipv6" $ipv6-socket-address)))
    (export "ip-socket-address" (type (eq $socket)))))
  (alias export $network "network" (type $network-type))
  (alias export $network "error-code" (type $error-code))
  (alias export $network "ip-address-family" (type $family))
  (alias export $network "ip-socket-address" (type $address))
  (import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
    (alias outer 1 $network-type (type $outer-network))
    (export "network" (type $network (eq $outer-network)))
    (export "instance-network" (func (result (own $network))))))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (alias outer 1 $pollable (type $outer-pollable))
    (export "pollable" (type $pollable (eq $outer-pollable)))
    (alias outer 1 $input-stream (type $outer-input))
    (export "input-stream" (type $input-stream (eq $outer-input)))
    (alias outer 1 $output-stream (type $outer-output))
    (export "output-stream" (type $output-stream (eq $outer-output)))
    (alias outer 1 $network-type (type $outer-network))
    (export "network" (type $network (eq $outer-network)))
    (alias outer 1 $error-code (type $outer-code))
    (export "error-code" (type $error-code (eq $outer-code)))
    (alias outer 1 $address (type $outer-address))
    (export "ip-socket-address" (type $address (eq $outer-address)))
    (export "tcp-socket" (type $socket (sub resource)))
    (export "[method]tcp-socket.start-connect" (func
      (param "self" (borrow $socket)) (param "network" (borrow $network)) (param "remote-address" $address)
      (result (result (error $error-code)))))
    (export "[method]tcp-socket.finish-connect" (func
      (param "self" (borrow $socket))
      (result (result (tuple (own $input-stream) (own $output-stream)) (error $error-code)))))
    (export "[method]tcp-socket.subscribe" (func (param "self" (borrow $socket)) (result (own $pollable))))))
  (alias export $tcp "tcp-socket" (type $socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (alias outer 1 $error-code (type $outer-code))
    (export "error-code" (type $error-code (eq $outer-code)))
    (alias outer 1 $family (type $outer-family))
    (export "ip-address-family" (type $family (eq $outer-family)))
    (alias outer 1 $socket (type $outer-socket))
    (export "tcp-socket" (type $socket (eq $outer-socket)))
    (export "create-tcp-socket" (func
      (param "address-family" $family) (result (result (own $socket) (error $error-code)))))))

  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32) (param $bytes i32) (result i32)
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get $bytes) (i32.const 7)) (i32.const -8))))))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))

  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $network (canon lower (func $instance-network "instance-network")))
  (core func $create (canon lower (func $create "create-tcp-socket") (memory $memory)))
  (core func $start (canon lower (func $tcp "[method]tcp-socket.start-connect") (memory $memory)))
  (core func $finish (canon lower (func $tcp "[method]tcp-socket.finish-connect") (memory $memory)))
  (core func $subscribe (canon lower (func $tcp "[method]tcp-socket.subscribe")))

  (core module $program
    (import "heap" "memory" (memory 1))
    (import "host" "block" (func $block (param i32)))
    (import "host" "network" (func $network (result i32)))
    (import "host" "create" (func $create (param i32 i32)))
    (import "host" "start" (func $start
      (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "finish" (func $finish (param i32 i32)))
    (import "host" "subscribe" (func $subscribe (param i32) (result i32)))

    ;; A character and three digits at 512, as the string at 500.
    (func $say (param $mark i32) (param $number i32) (result i32)
      (i32.store8 (i32.const 512) (local.get $mark))
      (i32.store8 (i32.const 513) (i32.add (i32.const 48) (i32.div_u (local.get $number) (i32.const 100))))
      (i32.store8 (i32.const 514)
        (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $number) (i32.const 10)) (i32.const 10))))
      (i32.store8 (i32.const 515) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (i32.store (i32.const 500) (i32.const 512))
      (i32.store (i32.const 504) (i32.const 4))
      (i32.const 500))

    (func $port (param $digits i32) (param $length i32) (result i32) (local $port i32)
      (loop $next
        (local.set $port (i32.add (i32.mul (local.get $port) (i32.const 10))
          (i32.sub (i32.load8_u (local.get $digits)) (i32.const 48))))
        (local.set $digits (i32.add (local.get $digits) (i32.const 1)))
        (br_if $next (local.tee $length (i32.sub (local.get $length) (i32.const 1)))))
      (local.get $port))

    (func (export "exec") (param $digits i32) (param $length i32) (result i32)
      (local $socket i32)
      (call $create (i32.const 0) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then (return (call $say (i32.const 33) (i32.load8_u (i32.const 260))))))
      (local.set $socket (i32.load (i32.const 260)))
      (call $start (local.get $socket) (call $network) (i32.const 0)
        (call $port (local.get $digits) (local.get $length)) (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then (return (call $say (i32.const 33) (i32.load8_u (i32.const 257))))))
      (loop $again
        (call $finish (local.get $socket) (i32.const 256))
        (if (i32.eqz (i32.load8_u (i32.const 256))) (then (return (call $say (i32.const 61) (i32.const 0)))))
        (if (i32.ne (i32.load8_u (i32.const 260)) (i32.const 8)) ;; would-block
          (then (return (call $say (i32.const 33) (i32.load8_u (i32.const 260))))))
        (call $block (call $subscribe (local.get $socket)))
        (br $again))
      unreachable))
  (core instance $program (instantiate $program
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "block" (func $block))
      (export "network" (func $network))
      (export "create" (func $create))
      (export "start" (func $start))
      (export "finish" (func $finish))
      (export "subscribe" (func $subscribe))))))
  (func (export "exec") (param "input" string) (result string)
    (canon lift (core func $program "exec") (memory $memory) (realloc $realloc))))
