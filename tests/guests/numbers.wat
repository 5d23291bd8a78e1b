;; Returns numbers of every type.
(module
  (func (export "small") (result i32) (i32.const 0x80000000))
  (func (export "large") (result i64) (i64.const 0x8000000000000000))
  (func (export "single") (result f32) (f32.const 1.5))
  (func (export "double") (result f64) (f64.const -0.1)))
