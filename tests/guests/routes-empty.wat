;; `_routes` prints nothing.
(module
  (func (export "_start"))
  (func (export "_routes")))
