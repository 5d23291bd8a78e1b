(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovecs i32) (param $count i32) (param $written i32) (result i32)))

  (memory (export "memory") 1)

  ;; Two iovecs (address, length), the text they point to, and room for the count of bytes written.
  (data (i32.const 0) "\10\00\00\00\06\00\00\00" "\16\00\00\00\07\00\00\00")
  (data (i32.const 16) "Hello " "World!\n")

  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 32)))))
