;; Traps two calls deep.
(module
  (memory (export "memory") 1)
  (func $innermost unreachable)
  (func $middle (call $innermost))
  (func (export "_start") (call $middle)))
