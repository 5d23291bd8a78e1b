;; `exec: func(input: string) -> string`: a greeting of its input.
(component
  (core module $code
    (memory (export "memory") 1)
    (data (i32.const 8) "Hello, ")
    ;; One string comes in: it goes behind the start of the greeting, with room for its end.
    (func (export "realloc") (param i32 i32 i32) (param $size i32) (result i32)
      (if (i32.gt_u (local.get $size) (i32.const 65520))
        (then (if (i32.eq (i32.const -1)
          (memory.grow (i32.div_u (i32.add (local.get $size) (i32.const 16)) (i32.const 65536)))) (then unreachable))))
      (i32.const 15))
    (func (export "exec") (param $text i32) (param $length i32) (result i32)
      (i32.store8 (i32.add (i32.const 15) (local.get $length)) (i32.const 33))
      (i32.store (i32.const 0) (i32.const 8))
      (i32.store (i32.const 4) (i32.add (local.get $length) (i32.const 8)))
      (i32.const 0)))
  (core instance $run (instantiate $code))
  (func (export "exec") (param "input" string) (result string)
    (canon lift (core func $run "exec") (memory (core memory $run "memory")) (realloc (core func $run "realloc")))))
