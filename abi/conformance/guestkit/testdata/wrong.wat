;; A guest that gets one thing wrong in each method, named by a letter, and in
;; each path of its Worker. guestkit's tests want each to be found.
;;
;; Input lies at 1024 in every entry, a nested one too: that alone is wrong.
(module
  (import "cairn_v1" "class_register" (func $class_register (param i32 i32 i32) (result i32)))
  (import "cairn_v1" "worker_register" (func $worker_register (result i32)))
  (import "cairn_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (import "cairn_v1" "output_write" (func $output_write (param i32 i32) (result i32)))
  (import "cairn_v1" "env_get" (func $env_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "cairn_v1" "log_write" (func $log_write (param i32 i32 i32 i32 i32) (result i32)))
  (import "cairn_v1" "stub_call"
    (func $stub_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "cairn_v1" "storage_get" (func $storage_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "cairn_v1" "storage_put" (func $storage_put (param i32 i32 i32 i32 i32) (result i32)))
  (import "cairn_v1" "transaction_begin" (func $transaction_begin (result i32)))
  (import "cairn_v1" "critical_begin" (func $critical_begin (result i32)))

  (memory (export "memory") 40)
  (global $entries (mut i32) (i32.const 0))
  (data (i32.const 0) "Wrong")
  (data (i32.const 8) "k")
  (data (i32.const 16) "12")
  (data (i32.const 24) "other")
  (data (i32.const 32) "z")
  (data (i32.const 40) "[]")
  (data (i32.const 48) "{}")
  (data (i32.const 56) "oops")
  ;; Responses: one that is right, a status that is none, a header that is none.
  (data (i32.const 64) "\01\c8\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 80) "\01\07\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 96) "\01\c8\00\00\00\04\00\00\00\09\00\00\00\00\00\00\00")

  (func (export "abi_version") (result i32) (i32.const 1))
  (func (export "_initialize")
    (drop (call $worker_register))
    (drop (call $class_register (i32.const 0) (i32.const 5) (i32.const 0))))

  (func $must (param $status i32) (if (local.get $status) (then (unreachable))))
  (func $answer (param $ptr i32) (param $len i32) (result i32)
    (call $must (call $output_write (local.get $ptr) (local.get $len)))
    (i32.const 0))
  (func $digit (param $n i32) (result i32)
    (i32.store8 (i32.const 200) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
    (call $answer (i32.const 200) (i32.const 1)))
  (func $put (result i32)
    (call $storage_put (i32.const 8) (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 0)))
  (func $call_other (param $args i32) (result i32)
    (call $stub_call (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 24) (i32.const 5)
      (i32.const 32) (i32.const 1) (local.get $args) (i32.const 2)
      (i32.const 300) (i32.const 8) (i32.const 320)))

  (func (export "worker_fetch") (param $n i32) (result i32)
    (local $path i32)
    (call $must (call $input_read (i32.const 1024) (local.get $n)))
    ;; version, GET, http://x/ and the letter
    (local.set $path (i32.load8_u offset=1045 (i32.const 0)))
    (if (i32.eq (local.get $path) (i32.const 0x61)) ;; a
      (then (return (call $answer (i32.const 80) (i32.const 13)))))
    (if (i32.eq (local.get $path) (i32.const 0x62)) ;; b
      (then (return (call $answer (i32.const 96) (i32.const 17)))))
    (if (i32.eq (local.get $path) (i32.const 0x63)) ;; c: a Worker has no storage
      (then (drop (call $put))))
    (if (i32.eq (local.get $path) (i32.const 0x64)) ;; d
      (then (return (call $answer (i32.const 56) (i32.const 4)))))
    (call $answer (i32.const 64) (i32.const 13)))

  (func (export "object_init") (param $n i32) (result i32) (i32.const 0))

  (func (export "object_call") (param $n i32) (result i32)
    (local $method i32) (local $before i32)
    (call $must (call $input_read (i32.const 1024) (local.get $n)))
    (global.set $entries (i32.add (global.get $entries) (i32.const 1)))
    (if (i32.eq (i32.load offset=1025 (i32.const 0)) (i32.const 1)) ;; of one letter
      (then (local.set $method (i32.load8_u offset=1029 (i32.const 0)))))
    (block $other
    (block $u (block $t (block $s (block $r (block $q (block $p (block $n_ (block $m
    (block $l (block $k (block $j (block $i (block $h (block $g (block $f (block $e (block $d
    (block $c (block $b (block $a
      (br_table $a $b $c $d $e $f $g $h $i $j $k $l $m $n_ $other $p $q $r $s $t $u $other
        (i32.sub (local.get $method) (i32.const 0x61))))
    ;; a: an address outside
    (drop (call $storage_put (i32.const -16) (i32.const 32) (i32.const 16) (i32.const 2) (i32.const 0)))
    (return (call $digit (i32.const 1))))
    ;; b: the length goes where the value goes
    (drop (call $env_get (i32.const 8) (i32.const 1) (i32.const 300) (i32.const 8) (i32.const 304)))
    (return (call $digit (i32.const 1))))
    ;; c: a status of its own
    (return (i32.const 5)))
    ;; d: ERROR, and no Error
    (drop (call $answer (i32.const 56) (i32.const 4)))
    (return (i32.const 7)))
    ;; e: no JSON
    (return (call $answer (i32.const 56) (i32.const 4))))
    ;; f: does not look at the status
    (drop (call $put))
    (return (call $digit (i32.const 1))))
    ;; g: takes TOO_SMALL for OK
    (call $must (call $put))
    (drop (call $storage_get (i32.const 8) (i32.const 1) (i32.const 300) (i32.const 2) (i32.const 320)))
    (return (call $answer (i32.const 300) (i32.const 2))))
    ;; h: its arguments lie where the input of a nested entry goes
    (i32.store16 (i32.const 4096) (i32.const 0x5d5b))
    (if (call $call_other (i32.const 4096)) (then (unreachable)))
    (return (call $digit (i32.const 1))))
    ;; i: arguments that are no array
    (if (call $call_other (i32.const 48)) (then (unreachable)))
    (return (call $digit (i32.const 1))))
    ;; j: leaves a transaction and a critical section
    (call $must (call $transaction_begin))
    (call $must (call $critical_begin))
    (return (call $digit (i32.const 1))))
    ;; k
    (unreachable))
    ;; l
    (loop $ever (br $ever))
    (unreachable))
    ;; m: traps on what a host may well answer
    (call $must (call $put))
    (call $must (call $storage_get (i32.const 8) (i32.const 1) (i32.const 300) (i32.const 8) (i32.const 320)))
    (return (call $answer (i32.const 300) (i32.const 2))))
    ;; n: takes memory and keeps it
    (drop (memory.grow (i32.const 2)))
    (return (call $digit (i32.const 1))))
    ;; p: a flag that there is not
    (drop (call $storage_put (i32.const 8) (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 8)))
    (return (call $digit (i32.const 1))))
    ;; q: counts in memory alone
    (return (call $digit (global.get $entries))))
    ;; r: attributes that are no object
    (drop (call $log_write (i32.const 0) (i32.const 16) (i32.const 2) (i32.const 56) (i32.const 4)))
    (return (call $digit (i32.const 1))))
    ;; s: is not ready for a nested entry
    (local.set $before (global.get $entries))
    (if (call $call_other (i32.const 40)) (then (unreachable)))
    (return (call $digit (i32.sub (global.get $entries) (local.get $before)))))
    ;; t: registers too late
    (drop (call $class_register (i32.const 24) (i32.const 5) (i32.const 0)))
    (return (call $digit (i32.const 1))))
    ;; u: gets on with it after a trap in a step before
    (return (call $digit (i32.const 1))))
    (call $digit (i32.const 0)))
)
