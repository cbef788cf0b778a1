;; A guest that starts in every wrong way that can be told: its class depends on
;; a random number, which it does not draw anew, and abi_version does more.
(module
  (import "cairn_v1" "class_register" (func $class_register (param i32 i32 i32) (result i32)))
  (import "cairn_v1" "log_write" (func $log_write (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "abi_version") (result i32)
    (drop (call $log_write (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 0)))
    (i32.const 1))
  (func (export "_initialize")
    (drop (call $random_get (i32.const 0) (i32.const 4)))
    ;; four letters
    (i32.store (i32.const 0) (i32.add (i32.const 0x41414141)
      (i32.and (i32.load (i32.const 0)) (i32.const 0x0f0f0f0f))))
    (drop (call $class_register (i32.const 0) (i32.const 4) (i32.const 0))))
  (func (export "image_prepare") (unreachable))
  (func (export "object_init") (param i32) (result i32) (i32.const 0))
  (func (export "object_call") (param i32) (result i32) (i32.const 7))
)
