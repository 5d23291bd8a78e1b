;; `exec` that never returns.
(component
  (core module $code
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "exec") (param i32 i32) (result i32) (loop $again (br $again)) unreachable))
  (core instance $run (instantiate $code))
  (func (export "exec") (param "input" string) (result string)
    (canon lift (core func $run "exec") (memory (core memory $run "memory")) (realloc (core func $run "realloc")))))
