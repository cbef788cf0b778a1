;; A counter for every name: GET /anna answers how often it was asked for.
(module
  (import "cairn_v1" "class_register" (func $class_register (param i32 i32 i32) (result i32)))
  (import "cairn_v1" "worker_register" (func $worker_register (result i32)))
  (import "cairn_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (import "cairn_v1" "output_write" (func $output_write (param i32 i32) (result i32)))
  (import "cairn_v1" "result_read" (func $result_read (param i32 i32 i32) (result i32)))
  (import "cairn_v1" "stub_call"
    (func $stub_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "cairn_v1" "storage_get" (func $storage_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "cairn_v1" "storage_put" (func $storage_put (param i32 i32 i32 i32 i32) (result i32)))

  ;; 0 constants, 256 a length, 272 the count as text (20 digits at most),
  ;; 320 the output, 1024 the input. No entry is nested in another here: a Worker
  ;; never is, and the object calls nobody. So fixed places do.
  (memory (export "memory") 1)
  (data (i32.const 0) "Counter")      ;; 7, the class
  (data (i32.const 8) "COUNTERS")     ;; 8, the binding
  (data (i32.const 16) "increment")   ;; 9, the method
  (data (i32.const 32) "[]")          ;; 2, its arguments
  (data (i32.const 40) "value")       ;; 5, the key
  ;; an Error: version, flags, "TypeError", "no such method"
  (data (i32.const 48) "\01\00\09\00\00\00TypeError\0e\00\00\00no such method") ;; 33

  (func (export "abi_version") (result i32) (i32.const 1))

  (func (export "_initialize")
    (call $must (call $worker_register))
    (call $must (call $class_register (i32.const 0) (i32.const 7) (i32.const 0))))

  ;; What this guest cannot go on after is a trap: the host resets it.
  (func $must (param $status i32) (if (local.get $status) (then (unreachable))))

  ;; Reads the input to 1024, with more memory if it needs that.
  (func $read (param $n i32)
    (local $missing i32)
    (local.set $missing (i32.sub
      (i32.div_u (i32.add (local.get $n) (i32.const 66559)) (i32.const 65536)) (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1)) (then (unreachable)))))
    (call $must (call $input_read (i32.const 1024) (local.get $n))))

  ;; Input: a Request; the URL follows the version (1 byte) and the method.
  (func (export "worker_fetch") (param $n i32) (result i32)
    (local $url i32) (local $end i32) (local $name i32) (local $status i32)
    (call $read (local.get $n))
    (local.set $url (i32.add (i32.const 1029) (i32.load (i32.const 1025))))
    (local.set $end (i32.add (i32.add (local.get $url) (i32.const 4)) (i32.load (local.get $url))))
    (local.set $name (local.get $end))
    (loop $back ;; to behind the last slash
      (if (i32.ne (i32.load8_u (i32.sub (local.get $name) (i32.const 1))) (i32.const 47))
        (then (local.set $name (i32.sub (local.get $name) (i32.const 1))) (br $back))))

    (local.set $status (call $stub_call
      (i32.const 8) (i32.const 8)                                                   ;; binding
      (i32.const 0) (local.get $name) (i32.sub (local.get $end) (local.get $name)) ;; by name
      (i32.const 16) (i32.const 9) (i32.const 32) (i32.const 2)                     ;; increment, []
      (i32.const 272) (i32.const 20) (i32.const 256)))                              ;; result
    (if (i32.eq (local.get $status) (i32.const 7)) ;; ERROR: it is ours as well
      (then
        (call $must (call $result_read (i32.const 320) (i32.const 704) (i32.const 256)))
        (call $must (call $output_write (i32.const 320) (i32.load (i32.const 256))))
        (return (i32.const 7))))
    (call $must (local.get $status))

    ;; Output: a Response: version, status, no header, body.
    (i32.store8 (i32.const 320) (i32.const 1))
    (i32.store (i32.const 321) (i32.const 200))
    (i32.store (i32.const 325) (i32.const 0))
    (i32.store (i32.const 329) (i32.load (i32.const 256)))
    (memory.copy (i32.const 333) (i32.const 272) (i32.load (i32.const 256)))
    (call $must (call $output_write (i32.const 320) (i32.add (i32.const 13) (i32.load (i32.const 256)))))
    (i32.const 0))

  (func (export "object_init") (param $n i32) (result i32) (i32.const 0))

  ;; Input: a Call; the one method is known by the length of its name.
  (func (export "object_call") (param $n i32) (result i32)
    (local $status i32) (local $count i64) (local $at i32)
    (call $read (local.get $n))
    (if (i32.ne (i32.load (i32.const 1025)) (i32.const 9))
      (then
        (call $must (call $output_write (i32.const 48) (i32.const 33)))
        (return (i32.const 7))))

    (local.set $status (call $storage_get
      (i32.const 40) (i32.const 5) (i32.const 272) (i32.const 20) (i32.const 256)))
    (if (i32.ne (local.get $status) (i32.const 1)) ;; NOT_FOUND: it counts from 0
      (then
        (call $must (local.get $status))
        (local.set $count (call $parse (i32.load (i32.const 256))))))
    (local.set $count (i64.add (local.get $count) (i64.const 1)))

    (local.set $at (i32.const 292)) ;; from the last digit to the first
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48)
        (i32.wrap_i64 (i64.rem_u (local.get $count) (i64.const 10)))))
      (local.set $count (i64.div_u (local.get $count) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $count) (i64.const 0))))

    ;; The answer waits until this is durable; the guest need not.
    (call $must (call $storage_put (i32.const 40) (i32.const 5)
      (local.get $at) (i32.sub (i32.const 292) (local.get $at)) (i32.const 0)))
    (call $must (call $output_write (local.get $at) (i32.sub (i32.const 292) (local.get $at))))
    (i32.const 0))

  ;; The number that the digits at 272 are.
  (func $parse (param $len i32) (result i64)
    (local $i i32) (local $value i64)
    (loop $digit
      (local.set $value (i64.add (i64.mul (local.get $value) (i64.const 10))
        (i64.extend_i32_u (i32.sub (i32.load8_u offset=272 (local.get $i)) (i32.const 48)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $digit (i32.lt_u (local.get $i) (local.get $len))))
    (local.get $value))
)
