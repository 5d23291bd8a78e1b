;; Throws an exception that nothing catches.
(module
  (tag $thrown)
  (memory (export "memory") 1)
  (func (export "_start") (throw $thrown)))
