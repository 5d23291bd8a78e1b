;; Counts in a global: a fresh instance always answers 1.
(module
  (global $count (mut i32) (i32.const 0))
  (func (export "run") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.get $count)))
