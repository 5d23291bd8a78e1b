;; Aborts, as a failed assertion of an Emscripten program does.
(module
  (import "env" "_abort_js" (func $abort))
  (memory (export "memory") 1)
  (func (export "_start") (call $abort)))
