;; counter: Durable Objects' "Build a counter" with nothing between it and the
;; ABI. A Worker counts up, down and shows; an object for each name does it.
;;
;; Linear memory, by address:
;;
;;      0  constants, see the data segments
;;    512  LEN      4 bytes, where imports put a length
;;    528  NUMBER  32 bytes, a stored value or a result; an int64 has 20 digits
;;   1024  INPUT    what input_read gives, n bytes
;;   + n   NAME     what the query's name decodes to, at most n bytes
;;   + n   OUTPUT   what output_write takes
;;
;; Every entry uses the same places. That is safe as no entry is nested in
;; another: Workers never are, and the object calls nobody.
(module
  (import "cairn_v1" "class_register"
    (func $class_register (param $name i32) (param $name_len i32) (param $flags i32) (result i32)))
  (import "cairn_v1" "worker_register" (func $worker_register (result i32)))
  (import "cairn_v1" "input_read"
    (func $input_read (param $buf i32) (param $cap i32) (result i32)))
  (import "cairn_v1" "output_write"
    (func $output_write (param $ptr i32) (param $len i32) (result i32)))
  (import "cairn_v1" "result_read"
    (func $result_read (param $buf i32) (param $cap i32) (param $len i32) (result i32)))
  (import "cairn_v1" "stub_call"
    (func $stub_call (param $binding i32) (param $binding_len i32)
      (param $kind i32) (param $target i32) (param $target_len i32)
      (param $method i32) (param $method_len i32) (param $args i32) (param $args_len i32)
      (param $buf i32) (param $cap i32) (param $len i32) (result i32)))
  (import "cairn_v1" "storage_get"
    (func $storage_get (param $key i32) (param $key_len i32)
      (param $buf i32) (param $cap i32) (param $len i32) (result i32)))
  (import "cairn_v1" "storage_put"
    (func $storage_put (param $key i32) (param $key_len i32)
      (param $value i32) (param $value_len i32) (param $flags i32) (result i32)))

  (memory (export "memory") 1)

  (data (i32.const 0) "COUNTERS")                      ;; 8
  (data (i32.const 8) "Counter")                       ;; 7
  (data (i32.const 16) "name")                         ;; 4
  (data (i32.const 24) "value")                        ;; 5
  (data (i32.const 32) "[]")                           ;; 2
  (data (i32.const 40) "/increment")                   ;; 10; the method is at 41
  (data (i32.const 56) "/decrement")                   ;; 10; the method is at 57
  (data (i32.const 72) "getCounterValue")              ;; 15
  (data (i32.const 88) "Not found")                    ;; 9
  (data (i32.const 104) "Durable Object '")            ;; 16
  (data (i32.const 120) "' count: ")                   ;; 9
  (data (i32.const 136) "TypeError")                   ;; 9
  ;; A wire header: one name and one value, each with its length.
  (data (i32.const 152) "\0c\00\00\00Content-Type\18\00\00\00text/plain;charset=UTF-8") ;; 44
  (data (i32.const 200) "Select a Durable Object to contact by using the `name` URL query string parameter, for example, ?name=A") ;; 103
  (data (i32.const 304) "The RPC receiver does not implement the method \22") ;; 48
  (data (i32.const 352) "\22.")                        ;; 2
  (data (i32.const 360) "Failed to call \22")          ;; 16
  (data (i32.const 376) "\22: parameter 1 is not of type 'int64'.") ;; 38
  (data (i32.const 416) "counter: the stored value is not an integer") ;; 43
  (data (i32.const 464) "counter: the host refused a call") ;; 32

  (global $LEN i32 (i32.const 512))
  (global $NUMBER i32 (i32.const 528))
  (global $NUMBER_CAP i32 (i32.const 32))
  (global $INPUT i32 (i32.const 1024))

  ;; Of the running entry.
  (global $output (mut i32) (i32.const 0)) ;; where OUTPUT begins
  (global $end (mut i32) (i32.const 0))    ;; where the next byte of it goes

  ;; ---- what the host calls ----

  (func (export "abi_version") (result i32) (i32.const 1))

  (func (export "_initialize")
    (call $must (call $worker_register))
    (call $must (call $class_register (i32.const 8) (i32.const 7) (i32.const 0))))

  ;; The Worker. Input: a request, output: a response.
  (func (export "worker_fetch") (param $n i32) (result i32)
    (local $url i32) (local $url_end i32) (local $path i32) (local $path_len i32)
    (local $query i32) (local $name i32) (local $name_len i32)
    (local $method i32) (local $method_len i32) (local $status i32)
    (call $begin (local.get $n))
    ;; version (1), method (4 + length), url (4 + length), ...
    (local.set $url (call $next_field (i32.add (global.get $INPUT) (i32.const 1))))
    (local.set $url_end (call $next_field (local.get $url)))
    (local.set $url (i32.add (local.get $url) (i32.const 4)))

    (local.set $path (call $path_start (local.get $url) (local.get $url_end)))
    (local.set $query (call $find (local.get $path) (local.get $url_end) (i32.const 63))) ;; ?
    (local.set $path_len (i32.sub (local.get $query) (local.get $path)))

    (local.set $name (i32.add (global.get $INPUT) (local.get $n)))
    (local.set $name_len
      (call $query_name (local.get $query) (local.get $url_end) (local.get $name)))
    (if (i32.eqz (local.get $name_len))
      (then (return (call $respond (i32.const 200) (i32.const 200) (i32.const 103)))))

    (block $found
      (local.set $method (i32.const 41))
      (local.set $method_len (i32.const 9))
      (br_if $found (call $equal
        (local.get $path) (local.get $path_len) (i32.const 40) (i32.const 10)))
      (local.set $method (i32.const 57))
      (br_if $found (call $equal
        (local.get $path) (local.get $path_len) (i32.const 56) (i32.const 10)))
      (local.set $method (i32.const 72))
      (local.set $method_len (i32.const 15))
      ;; A URL without a path is /, too.
      (br_if $found (i32.eqz (local.get $path_len)))
      (br_if $found (call $equal
        (local.get $path) (local.get $path_len) (i32.const 40) (i32.const 1)))
      (return (call $respond (i32.const 404) (i32.const 88) (i32.const 9))))

    (local.set $status (call $stub_call
      (i32.const 0) (i32.const 8)
      (i32.const 0) (local.get $name) (local.get $name_len)
      (local.get $method) (local.get $method_len) (i32.const 32) (i32.const 2)
      (global.get $NUMBER) (global.get $NUMBER_CAP) (global.get $LEN)))
    (if (local.get $status) (then (return (call $failed (local.get $status)))))

    (call $response (i32.const 200)
      (i32.add (i32.const 25) (i32.add (local.get $name_len) (i32.load (global.get $LEN)))))
    (call $append (i32.const 104) (i32.const 16))
    (call $append (local.get $name) (local.get $name_len))
    (call $append (i32.const 120) (i32.const 9))
    (call $append (global.get $NUMBER) (i32.load (global.get $LEN)))
    (call $finish (i32.const 0)))

  ;; The constructor. There is one class, and it does not care who it is.
  (func (export "object_init") (param $n i32) (result i32) (i32.const 0))

  ;; A method of Counter. Input: a call, output: JSON.
  (func (export "object_call") (param $n i32) (result i32)
    (local $method i32) (local $method_len i32) (local $args i32) (local $args_len i32)
    (local $sign i64) (local $status i32) (local $ok i32) (local $amount i64) (local $value i64)
    (call $begin (local.get $n))
    ;; version (1), method (4 + length), args (4 + length)
    (local.set $method (i32.add (global.get $INPUT) (i32.const 5)))
    (local.set $args (call $next_field (i32.add (global.get $INPUT) (i32.const 1))))
    (local.set $method_len (i32.sub (local.get $args) (local.get $method)))
    (local.set $args_len (i32.load (local.get $args)))
    (local.set $args (i32.add (local.get $args) (i32.const 4)))

    (block $known
      (local.set $sign (i64.const 1))
      (br_if $known (call $equal
        (local.get $method) (local.get $method_len) (i32.const 41) (i32.const 9)))
      (local.set $sign (i64.const -1))
      (br_if $known (call $equal
        (local.get $method) (local.get $method_len) (i32.const 57) (i32.const 9)))
      (local.set $sign (i64.const 0))
      (br_if $known (call $equal
        (local.get $method) (local.get $method_len) (i32.const 72) (i32.const 15)))
      (return (call $type_error (i32.const 304) (i32.const 48)
        (local.get $method) (local.get $method_len) (i32.const 352) (i32.const 2))))

    (if (i64.ne (local.get $sign) (i64.const 0))
      (then
        (call $first_argument (local.get $args) (i32.add (local.get $args) (local.get $args_len)))
        (local.set $amount)
        (local.set $ok)
        (if (i32.eqz (local.get $ok))
          (then (return (call $type_error (i32.const 360) (i32.const 16)
            (local.get $method) (local.get $method_len) (i32.const 376) (i32.const 38)))))))

    (local.set $status (call $storage_get (i32.const 24) (i32.const 5)
      (global.get $NUMBER) (global.get $NUMBER_CAP) (global.get $LEN)))
    ;; NOT_FOUND is 0. TOO_SMALL is longer than any integer.
    (if (i32.or (i32.eqz (local.get $status)) (i32.eq (local.get $status) (i32.const 2)))
      (then
        (call $parse (global.get $NUMBER) (select
          (i32.add (global.get $NUMBER) (i32.load (global.get $LEN)))
          (global.get $NUMBER)
          (i32.eqz (local.get $status))))
        (local.set $value)
        (local.set $ok)
        (if (i32.eqz (local.get $ok))
          (then (return (call $error
            (i32.const 0) (i32.const 0) (i32.const 416) (i32.const 43) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0))))))
      (else (if (i32.ne (local.get $status) (i32.const 1))
        (then (return (call $failed (local.get $status)))))))

    (if (i64.eqz (local.get $sign))
      (then (call $append_int (local.get $value)) (return (call $finish (i32.const 0)))))

    ;; Nobody else changed the value since it was read: no other call of this
    ;; object runs until this one is over. Reading, adding and writing is safe.
    (call $append_int
      (i64.add (local.get $value) (i64.mul (local.get $sign) (local.get $amount))))
    (local.set $status (call $storage_put (i32.const 24) (i32.const 5)
      (global.get $output) (i32.sub (global.get $end) (global.get $output)) (i32.const 0)))
    (if (local.get $status) (then (return (call $failed (local.get $status)))))
    (call $finish (i32.const 0)))

  ;; ---- input and output ----

  ;; begin reads the input and makes OUTPUT empty.
  (func $begin (param $n i32)
    (global.set $output (i32.add (global.get $INPUT) (i32.shl (local.get $n) (i32.const 1))))
    (global.set $end (global.get $output))
    ;; A name can be in the output and needs 256 bytes of text around it at most.
    (call $room (i32.add (local.get $n) (i32.const 256)))
    (call $must (call $input_read (global.get $INPUT) (local.get $n))))

  ;; room makes memory reach n bytes beyond where OUTPUT begins. No sum wraps: n
  ;; is at most a message's 32 MiB, and what stands before three of them.
  (func $room (param $n i32)
    (local $missing i32)
    (local.set $missing (i32.sub
      (i32.add (global.get $output) (local.get $n))
      (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.eq (i32.const -1) (memory.grow
        (i32.shr_u (i32.add (local.get $missing) (i32.const 65535)) (i32.const 16))))
        (then (unreachable))))))

  (func $append (param $ptr i32) (param $len i32)
    (memory.copy (global.get $end) (local.get $ptr) (local.get $len))
    (global.set $end (i32.add (global.get $end) (local.get $len))))

  (func $append_u32 (param $v i32)
    (i32.store (global.get $end) (local.get $v))
    (global.set $end (i32.add (global.get $end) (i32.const 4))))

  (func $append_byte (param $v i32)
    (i32.store8 (global.get $end) (local.get $v))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))

  ;; append_int writes a number in decimal, from its last digit on.
  (func $append_int (param $v i64)
    (local $u i64) (local $digits i32) (local $at i32)
    (local.set $u (local.get $v))
    (if (i64.lt_s (local.get $v) (i64.const 0))
      (then
        (call $append_byte (i32.const 45)) ;; -
        ;; Unsigned from here on, so that the least int64 has a negative too.
        (local.set $u (i64.sub (i64.const 0) (local.get $v)))))
    (local.set $at (i32.add (global.get $end) (i32.const 20)))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (local.set $digits (i32.add (local.get $digits) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $u) (i64.const 10)))))
      (local.set $u (i64.div_u (local.get $u) (i64.const 10)))
      (br_if $next (i64.ne (local.get $u) (i64.const 0))))
    (call $append (local.get $at) (local.get $digits)))

  ;; finish hands over OUTPUT and returns a status for the host.
  (func $finish (param $status i32) (result i32)
    (call $must (call $output_write
      (global.get $output) (i32.sub (global.get $end) (global.get $output))))
    (local.get $status))

  ;; response begins a wire.Response; the body's bytes come next.
  (func $response (param $status i32) (param $body_len i32)
    (call $append_byte (i32.const 1))
    (call $append_u32 (local.get $status))
    (call $append_u32 (i32.const 44))
    (call $append (i32.const 152) (i32.const 44))
    (call $append_u32 (local.get $body_len)))

  (func $respond (param $status i32) (param $body i32) (param $body_len i32) (result i32)
    (call $response (local.get $status) (local.get $body_len))
    (call $append (local.get $body) (local.get $body_len))
    (call $finish (i32.const 0)))

  ;; error makes a wire.Error of a name and three pieces of a message.
  (func $error
    (param $name i32) (param $name_len i32) (param $a i32) (param $a_len i32)
    (param $b i32) (param $b_len i32) (param $c i32) (param $c_len i32) (result i32)
    (global.set $end (global.get $output))
    (call $append_byte (i32.const 1))
    (call $append_byte (i32.const 0))
    (call $append_u32 (local.get $name_len))
    (call $append (local.get $name) (local.get $name_len))
    (call $append_u32
      (i32.add (local.get $a_len) (i32.add (local.get $b_len) (local.get $c_len))))
    (call $append (local.get $a) (local.get $a_len))
    (call $append (local.get $b) (local.get $b_len))
    (call $append (local.get $c) (local.get $c_len))
    (call $finish (i32.const 7)))

  (func $type_error
    (param $a i32) (param $a_len i32) (param $b i32) (param $b_len i32)
    (param $c i32) (param $c_len i32) (result i32)
    (call $error (i32.const 136) (i32.const 9) (local.get $a) (local.get $a_len)
      (local.get $b) (local.get $b_len) (local.get $c) (local.get $c_len)))

  ;; failed passes on what an import answered: the wire.Error of ERROR, or that
  ;; something is wrong.
  (func $failed (param $status i32) (result i32)
    (if (i32.ne (local.get $status) (i32.const 7))
      (then (return (call $error
        (i32.const 0) (i32.const 0) (i32.const 464) (i32.const 32) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0)))))
    ;; No buffer at all: TOO_SMALL, and the length.
    (drop (call $result_read (i32.const 0) (i32.const 0) (global.get $LEN)))
    (call $room (i32.load (global.get $LEN)))
    (call $must (call $result_read
      (global.get $output) (i32.load (global.get $LEN)) (global.get $LEN)))
    (global.set $end (i32.add (global.get $output) (i32.load (global.get $LEN))))
    (call $finish (i32.const 7)))

  ;; must ends the activation where the host answers what cannot be.
  (func $must (param $status i32)
    (if (local.get $status) (then (unreachable))))

  ;; ---- text ----

  ;; next_field passes over a field: its length and its bytes.
  (func $next_field (param $ptr i32) (result i32)
    (i32.add (local.get $ptr) (i32.add (i32.const 4) (i32.load (local.get $ptr)))))

  (func $equal (param $a i32) (param $a_len i32) (param $b i32) (param $b_len i32) (result i32)
    (if (i32.ne (local.get $a_len) (local.get $b_len)) (then (return (i32.const 0))))
    (loop $next
      (if (i32.eqz (local.get $b_len)) (then (return (i32.const 1))))
      (if (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b)))
        (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 1)))
      (local.set $b (i32.add (local.get $b) (i32.const 1)))
      (local.set $b_len (i32.sub (local.get $b_len) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; find returns where a byte is, or the end.
  (func $find (param $ptr i32) (param $end i32) (param $byte i32) (result i32)
    (loop $next
      (if (i32.and
          (i32.lt_u (local.get $ptr) (local.get $end))
          (i32.ne (i32.load8_u (local.get $ptr)) (local.get $byte)))
        (then
          (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
          (br $next))))
    (local.get $ptr))

  ;; path_start returns where an absolute URL's path or query begins.
  (func $path_start (param $url i32) (param $end i32) (result i32)
    (local $slash i32) (local $query i32)
    ;; The third slash is the path's, after scheme://host.
    (local.set $query (call $find (local.get $url) (local.get $end) (i32.const 63)))
    (local.set $slash (call $find (local.get $url) (local.get $query) (i32.const 47)))
    (call $find (i32.add (local.get $slash) (i32.const 2)) (local.get $query) (i32.const 47)))

  ;; query_name decodes the first value of "name" to where out points and returns
  ;; its length, 0 if there is none. ptr is at the question mark, or at the end.
  (func $query_name (param $ptr i32) (param $end i32) (param $out i32) (result i32)
    (local $pair_end i32) (local $equals i32)
    (loop $next
      (local.set $ptr (i32.add (local.get $ptr) (i32.const 1))) ;; over ? or &
      (if (i32.ge_u (local.get $ptr) (local.get $end)) (then (return (i32.const 0))))
      (local.set $pair_end (call $find (local.get $ptr) (local.get $end) (i32.const 38))) ;; &
      (local.set $equals (call $find (local.get $ptr) (local.get $pair_end) (i32.const 61))) ;; =
      (if (call $equal
          (local.get $out)
          (call $unescape (local.get $ptr) (local.get $equals) (local.get $out))
          (i32.const 16) (i32.const 4))
        (then (return (call $unescape
          (i32.add (local.get $equals) (i32.const 1)) (local.get $pair_end) (local.get $out)))))
      (local.set $ptr (local.get $pair_end))
      (br $next))
    (unreachable))

  ;; unescape decodes %20 and + to where out points and returns the length. What
  ;; only looks like an escape stays as it is, as in URLSearchParams.
  (func $unescape (param $ptr i32) (param $end i32) (param $out i32) (result i32)
    (local $start i32) (local $c i32) (local $hex i32)
    (local.set $start (local.get $out))
    (loop $next
      (if (i32.lt_u (local.get $ptr) (local.get $end))
        (then
          (local.set $c (i32.load8_u (local.get $ptr)))
          (if (i32.eq (local.get $c) (i32.const 43)) ;; +
            (then (local.set $c (i32.const 32))))
          (if (i32.and
              (i32.eq (local.get $c) (i32.const 37)) ;; %
              (i32.lt_u (i32.add (local.get $ptr) (i32.const 2)) (local.get $end)))
            (then
              (local.set $hex (i32.or
                (i32.shl
                  (call $hex_digit (i32.load8_u (i32.add (local.get $ptr) (i32.const 1))))
                  (i32.const 4))
                (call $hex_digit (i32.load8_u (i32.add (local.get $ptr) (i32.const 2))))))
              (if (i32.ge_s (local.get $hex) (i32.const 0))
                (then
                  (local.set $c (local.get $hex))
                  (local.set $ptr (i32.add (local.get $ptr) (i32.const 2)))))))
          (i32.store8 (local.get $out) (local.get $c))
          (local.set $out (i32.add (local.get $out) (i32.const 1)))
          (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
          (br $next))))
    (i32.sub (local.get $out) (local.get $start)))

  ;; hex_digit returns a digit's value, -1 for what is none; -1 stays negative
  ;; when it is shifted, and when anything is put into it.
  (func $hex_digit (param $c i32) (result i32)
    (if (i32.lt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 10))
      (then (return (i32.sub (local.get $c) (i32.const 48)))))
    (local.set $c (i32.sub (i32.or (local.get $c) (i32.const 32)) (i32.const 87)))
    (if (i32.lt_u (i32.sub (local.get $c) (i32.const 10)) (i32.const 6))
      (then (return (local.get $c))))
    (i32.const -1))

  ;; ---- JSON ----

  ;; first_argument returns the first element of a JSON array as an integer, 1
  ;; if there is none, and before it whether it is one.
  (func $first_argument (param $ptr i32) (param $end i32) (result i32 i64)
    (local $stop i32)
    (local.set $ptr (call $skip_space (local.get $ptr) (local.get $end)))
    (if (i32.eq (local.get $ptr) (local.get $end)) (then (return (i32.const 1) (i64.const 1))))
    (local.set $ptr (call $skip_space
      (i32.add (local.get $ptr) (i32.const 1)) (local.get $end))) ;; over [
    (if (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 93)) ;; ]
      (then (return (i32.const 1) (i64.const 1))))
    (local.set $stop (local.get $ptr))
    (loop $next
      (if (i32.and
          (i32.lt_u (local.get $stop) (local.get $end))
          (call $is_number_part (i32.load8_u (local.get $stop))))
        (then
          (local.set $stop (i32.add (local.get $stop) (i32.const 1)))
          (br $next))))
    (call $parse (local.get $ptr) (local.get $stop)))

  ;; is_number_part is false for what ends an element: a comma, a bracket, space.
  (func $is_number_part (param $c i32) (result i32)
    (i32.and
      (i32.gt_u (local.get $c) (i32.const 32))
      (i32.and
        (i32.ne (local.get $c) (i32.const 44))
        (i32.ne (local.get $c) (i32.const 93)))))

  (func $skip_space (param $ptr i32) (param $end i32) (result i32)
    (loop $next
      (if (i32.and
          (i32.lt_u (local.get $ptr) (local.get $end))
          (i32.le_u (i32.load8_u (local.get $ptr)) (i32.const 32)))
        (then
          (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
          (br $next))))
    (local.get $ptr))

  ;; parse reads a JSON integer and says before it whether it is one.
  (func $parse (param $ptr i32) (param $end i32) (result i32 i64)
    (local $negative i64) (local $digits i32) (local $digit i32) (local $v i64)
    (if (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 45)) ;; -
      (then
        (local.set $negative (i64.const 1))
        (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))))
    ;; 19 digits always fit an unsigned int64.
    (local.set $digits (i32.sub (local.get $end) (local.get $ptr)))
    (if (i32.or (i32.le_s (local.get $digits) (i32.const 0))
          (i32.gt_s (local.get $digits) (i32.const 19)))
      (then (return (i32.const 0) (i64.const 0))))
    (if (i32.and (i32.gt_s (local.get $digits) (i32.const 1))
          (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 48))) ;; 01 is no JSON
      (then (return (i32.const 0) (i64.const 0))))
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u (local.get $ptr)) (i32.const 48)))
      (if (i32.gt_u (local.get $digit) (i32.const 9))
        (then (return (i32.const 0) (i64.const 0))))
      (local.set $v (i64.add
        (i64.mul (local.get $v) (i64.const 10)) (i64.extend_i32_u (local.get $digit))))
      (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $ptr) (local.get $end))))
    (if (i64.gt_u (local.get $v)
          (i64.add (i64.const 0x7fffffffffffffff) (local.get $negative)))
      (then (return (i32.const 0) (i64.const 0))))
    (i32.const 1)
    (select (i64.sub (i64.const 0) (local.get $v)) (local.get $v)
      (i32.wrap_i64 (local.get $negative))))
)
