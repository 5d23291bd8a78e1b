;; Aborts, as a failed assertion of an Emscripten program does.
(module
  (import "env" "abort" (func $abort))
  (memory (export "memory") 1)
  (func (export "_start") (call $abort)))
