;; `_routes` traps.
(module
  (func (export "_start"))
  (func (export "_routes") unreachable))
