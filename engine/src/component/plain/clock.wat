;; What a plain handler imports in the place of wasi:clocks/monotonic-clock@0.3: its waits are subtasks, of which the caller is
;; told the state and the handle (Component Model, CanonicalABI.md, "canon lower").
(component (type (instance
  (type $u64 u64)
  (export "duration" (type (eq $u64)))
  (export "mark" (type (eq $u64)))
  (export "now" (func (result u64)))
  (export "get-resolution" (func (result u64)))
  (export "wait-until" (func (param "when" u64) (result u32)))
  (export "wait-for" (func (param "how-long" u64) (result u32)))
)))
