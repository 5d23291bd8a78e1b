;; `_routes` takes a parameter.
(module
  (func (export "_start"))
  (func (export "_routes") (param i32)))
