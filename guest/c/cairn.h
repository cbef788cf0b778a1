/* cairn.h: write a cairn guest in C, with clang and nothing else.
 *
 * Copy this file beside yours. It needs no libc and no source file; every
 * function is inline. The contract itself is abi/SPEC.md.
 *
 *     #include "cairn.h"
 *
 *     static cairn_status hello(const cairn_request *req) {
 *       (void)req;
 *       return cairn_text(200, CAIRN_STR("hello"));
 *     }
 *     static void start(void) { cairn_worker_register(); }
 *
 *     CAIRN_INITIALIZE(start)
 *     CAIRN_WORKER_FETCH(hello)
 *
 *     clang --target=wasm32 -Oz -ffreestanding -nostdlib -mbulk-memory \
 *       -Wl,--no-entry,--stack-first,--strip-all -o hello.wasm hello.c
 *
 * A handler gets a decoded message and returns what a cairn_text, cairn_respond,
 * cairn_result, cairn_fail or cairn_failed returned: each of them is the entry's
 * output, and the last one counts.
 *
 * Memory. cairn_alloc gives memory that is taken back when the entry ends, all
 * at once; so are input, results and everything else that this header hands out
 * as cairn_bytes. What CAIRN_INITIALIZE and CAIRN_OBJECT_INIT allocate stays for
 * the activation. A nested entry allocates above the one that waits for it, and
 * ends before it goes on: that is what makes this safe.
 *
 * Where a host breaks its contract, or memory is used up, the guest traps.
 */
#ifndef CAIRN_H
#define CAIRN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Numbers of the ABI ---- */

#define CAIRN_ABI_VERSION 1

typedef uint32_t cairn_status;
#define CAIRN_OK 0u
#define CAIRN_NOT_FOUND 1u /* no such key, variable or binding */
#define CAIRN_TOO_SMALL 2u /* the value waits for cairn_result_read */
#define CAIRN_FAULT 3u
#define CAIRN_INVALID 4u
#define CAIRN_TOO_LARGE 5u
#define CAIRN_FORBIDDEN 6u /* not now: storage in a Worker, anything at start */
#define CAIRN_ERROR 7u     /* a wire error waits for cairn_result_read */

#define CAIRN_CLASS_HAS_FETCH 1u /* and so needs CAIRN_OBJECT_FETCH */
#define CAIRN_CLASS_HAS_ALARM 2u /* and so needs CAIRN_OBJECT_ALARM */

#define CAIRN_RESET_DROP_ALARM 1u /* the alarm that runs is not tried again */
#define CAIRN_WRITE_UNCONFIRMED 1u /* answers need not wait for this write */

#define CAIRN_LIST_REVERSE 1u
#define CAIRN_LIST_HAS_START 2u       /* from here on, inclusive */
#define CAIRN_LIST_HAS_START_AFTER 4u /* from after here on */
#define CAIRN_LIST_HAS_END 8u         /* up to here, exclusive */
#define CAIRN_LIST_HAS_LIMIT 16u

#define CAIRN_TARGET_NAME 0u
#define CAIRN_TARGET_ID 1u /* the target is 32 bytes */

#define CAIRN_LEVEL_DEBUG (-4)
#define CAIRN_LEVEL_INFO 0
#define CAIRN_LEVEL_WARN 4
#define CAIRN_LEVEL_ERROR 8

#define CAIRN_ERROR_REMOTE 1u
#define CAIRN_ERROR_RETRYABLE 2u
#define CAIRN_ERROR_OVERLOADED 4u
#define CAIRN_ERROR_RESET 8u

/* ---- Imports, as abi/func.go has them ----
 *
 * The comfortable functions further down call these; use them for whatever has
 * none. An address needs no alignment. */

#define CAIRN_IMPORT(name) \
  __attribute__((import_module("cairn_v1"), import_name(#name))) extern

CAIRN_IMPORT(class_register) cairn_status
cairn_class_register(const void *name, uint32_t name_len, uint32_t flags);
CAIRN_IMPORT(worker_register) cairn_status cairn_worker_register(void);

CAIRN_IMPORT(input_read) cairn_status cairn_input_read(void *buf, uint32_t cap);
CAIRN_IMPORT(output_write) cairn_status cairn_output_write(const void *ptr, uint32_t len);
CAIRN_IMPORT(result_read) cairn_status
cairn_result_read(void *buf, uint32_t cap, uint32_t *len);

CAIRN_IMPORT(env_get) cairn_status
cairn_env_get(const void *name, uint32_t name_len, void *buf, uint32_t cap, uint32_t *len);
CAIRN_IMPORT(log_write) cairn_status
cairn_log_write(int32_t level, const void *text, uint32_t text_len,
                const void *attrs, uint32_t attrs_len);

CAIRN_IMPORT(id_from_name) cairn_status
cairn_id_from_name(const void *binding, uint32_t binding_len,
                   const void *name, uint32_t name_len, uint8_t id[32]);
CAIRN_IMPORT(id_parse) cairn_status
cairn_id_parse(const void *binding, uint32_t binding_len,
               const void *hex, uint32_t hex_len, uint8_t id[32]);
CAIRN_IMPORT(id_new) cairn_status
cairn_id_new(const void *binding, uint32_t binding_len, uint8_t id[32]);

CAIRN_IMPORT(stub_call) cairn_status
cairn_stub_call(const void *binding, uint32_t binding_len,
                uint32_t target_kind, const void *target, uint32_t target_len,
                const void *method, uint32_t method_len, const void *args, uint32_t args_len,
                void *buf, uint32_t cap, uint32_t *len);
CAIRN_IMPORT(stub_fetch) cairn_status
cairn_stub_fetch(const void *binding, uint32_t binding_len,
                 uint32_t target_kind, const void *target, uint32_t target_len,
                 const void *request, uint32_t request_len,
                 void *buf, uint32_t cap, uint32_t *len);
CAIRN_IMPORT(fetch_send) cairn_status
cairn_fetch_send(const void *request, uint32_t request_len,
                 void *buf, uint32_t cap, uint32_t *len);

CAIRN_IMPORT(storage_get) cairn_status
cairn_storage_get(const void *key, uint32_t key_len, void *buf, uint32_t cap, uint32_t *len);
CAIRN_IMPORT(storage_put) cairn_status
cairn_storage_put(const void *key, uint32_t key_len,
                  const void *value, uint32_t value_len, uint32_t flags);
CAIRN_IMPORT(storage_delete) cairn_status
cairn_storage_delete(const void *key, uint32_t key_len, uint32_t flags);
CAIRN_IMPORT(storage_delete_all) cairn_status cairn_storage_delete_all(void);
CAIRN_IMPORT(storage_sync) cairn_status cairn_storage_sync(void);

CAIRN_IMPORT(list_open) cairn_status
cairn_list_open(const void *options, uint32_t options_len, uint32_t *handle);
CAIRN_IMPORT(list_next) cairn_status
cairn_list_next(uint32_t handle, void *buf, uint32_t cap, uint32_t *len);
CAIRN_IMPORT(list_close) cairn_status cairn_list_close(uint32_t handle);

CAIRN_IMPORT(transaction_begin) cairn_status cairn_transaction_begin(void);
CAIRN_IMPORT(transaction_commit) cairn_status cairn_transaction_commit(void);
CAIRN_IMPORT(transaction_rollback) cairn_status cairn_transaction_rollback(void);

CAIRN_IMPORT(alarm_set) cairn_status cairn_alarm_set(int64_t time_ms, uint32_t flags);
CAIRN_IMPORT(alarm_get) cairn_status cairn_alarm_get(int64_t *time_ms);
CAIRN_IMPORT(alarm_delete) cairn_status cairn_alarm_delete(uint32_t flags);

CAIRN_IMPORT(critical_begin) cairn_status cairn_critical_begin(void);
CAIRN_IMPORT(critical_end) cairn_status cairn_critical_end(void);
CAIRN_IMPORT(background_request) cairn_status cairn_background_request(void);
CAIRN_IMPORT(object_abort) __attribute__((noreturn)) void
cairn_object_abort(const void *reason, uint32_t reason_len);
/* Returns only to refuse: an unknown flag, or no object. */
CAIRN_IMPORT(object_reset) cairn_status
cairn_object_reset(const void *reason, uint32_t reason_len, uint32_t flags);

/* ---- Bytes and memory ---- */

/* A view of bytes that somebody else owns. Text has no zero byte at its end. */
typedef struct {
  const uint8_t *ptr;
  uint32_t len;
} cairn_bytes;

/* The bytes of a string literal. */
#define CAIRN_STR(s) ((cairn_bytes){(const uint8_t *)("" s), (uint32_t)sizeof(s) - 1})

static inline int cairn_equal(cairn_bytes a, cairn_bytes b) {
  if (a.len != b.len) return 0;
  for (uint32_t i = 0; i < a.len; i++)
    if (a.ptr[i] != b.ptr[i]) return 0;
  return 1;
}

/* Where free memory begins. Weak, so that several source files share one. */
__attribute__((weak)) uintptr_t cairn_top;
extern unsigned char __heap_base; /* the linker's: behind data and stack */

/* n bytes, aligned to 16, not cleared, until the entry ends. */
static inline void *cairn_alloc(uint32_t n) {
  if (cairn_top == 0) cairn_top = (uintptr_t)&__heap_base;
  uint64_t start = ((uint64_t)cairn_top + 15) & ~(uint64_t)15, end = start + n;
  uint64_t size = (uint64_t)__builtin_wasm_memory_size(0) << 16;
  if (end > size) {
    uint64_t pages = (end - size + 0xffff) >> 16;
    if (__builtin_wasm_memory_grow(0, (uint32_t)pages) == (size_t)-1) __builtin_trap();
  }
  cairn_top = (uintptr_t)end;
  return (void *)(uintptr_t)start;
}

/* Bytes that grow. Begin with {0}. */
typedef struct {
  uint8_t *ptr;
  uint32_t len, cap;
} cairn_buf;

static inline cairn_bytes cairn_view(const cairn_buf *b) {
  return (cairn_bytes){b->ptr, b->len};
}

static inline void cairn_add(cairn_buf *b, cairn_bytes v) {
  if (v.len == 0) return;
  if (v.len > b->cap - b->len) {
    uint64_t cap = ((uint64_t)b->len + v.len) * 2;
    if (cap > INT32_MAX) __builtin_trap();
    uint8_t *ptr = (uint8_t *)cairn_alloc((uint32_t)cap);
    if (b->len != 0) __builtin_memcpy(ptr, b->ptr, b->len);
    b->ptr = ptr;
    b->cap = (uint32_t)cap;
  }
  __builtin_memcpy(b->ptr + b->len, v.ptr, v.len);
  b->len += v.len;
}

static inline void cairn_add_byte(cairn_buf *b, uint8_t v) {
  cairn_add(b, (cairn_bytes){&v, 1});
}

/* wasm is little-endian, as messages are. */
static inline void cairn_add_u32(cairn_buf *b, uint32_t v) {
  cairn_add(b, (cairn_bytes){(const uint8_t *)&v, 4});
}

/* A field of a message: its length, then its bytes. */
static inline void cairn_add_field(cairn_buf *b, cairn_bytes v) {
  cairn_add_u32(b, v.len);
  cairn_add(b, v);
}

/* A number in decimal, which is also its JSON. */
static inline void cairn_add_int(cairn_buf *b, int64_t v) {
  uint8_t digits[20], *p = digits + sizeof digits;
  uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
  do *--p = (uint8_t)('0' + u % 10);
  while (u /= 10);
  if (v < 0) *--p = '-';
  cairn_add(b, (cairn_bytes){p, (uint32_t)(digits + sizeof digits - p)});
}

/* ---- Messages, as abi/wire has them ----
 *
 * A decoder returns 0 for bytes that are no such message. What it gives are
 * views of the message. */

typedef struct {
  const uint8_t *ptr;
  uint32_t len;
  int bad; /* set for good by the first field that is not there */
} cairn_reader;

static inline cairn_bytes cairn_take(cairn_reader *r, uint32_t n) {
  if (r->bad || n > r->len) {
    r->bad = 1;
    return (cairn_bytes){0, 0};
  }
  cairn_bytes v = {r->ptr, n};
  r->ptr += n;
  r->len -= n;
  return v;
}

static inline uint8_t cairn_take_byte(cairn_reader *r) {
  cairn_bytes v = cairn_take(r, 1);
  return v.len ? v.ptr[0] : 0;
}

static inline uint32_t cairn_take_u32(cairn_reader *r) {
  cairn_bytes b = cairn_take(r, 4);
  uint32_t v = 0;
  if (b.len) __builtin_memcpy(&v, b.ptr, 4);
  return v;
}

static inline cairn_bytes cairn_take_field(cairn_reader *r) {
  return cairn_take(r, cairn_take_u32(r));
}

static inline cairn_reader cairn_read(cairn_bytes message) {
  cairn_reader r = {message.ptr, message.len, 0};
  if (cairn_take_byte(&r) != 1) r.bad = 1; /* the encoding's version */
  return r;
}

static inline int cairn_read_end(const cairn_reader *r) { return !r->bad && r->len == 0; }

/* | 01 | method | url | header | body | */
typedef struct {
  cairn_bytes method, url, header, body;
} cairn_request;

static inline int cairn_decode_request(cairn_bytes message, cairn_request *v) {
  cairn_reader r = cairn_read(message);
  v->method = cairn_take_field(&r);
  v->url = cairn_take_field(&r);
  v->header = cairn_take_field(&r);
  v->body = cairn_take_field(&r);
  return cairn_read_end(&r);
}

static inline void cairn_encode_request(cairn_buf *b, const cairn_request *v) {
  cairn_add_byte(b, 1);
  cairn_add_field(b, v->method);
  cairn_add_field(b, v->url);
  cairn_add_field(b, v->header);
  cairn_add_field(b, v->body);
}

/* | 01 | status (4B) | header | body | */
typedef struct {
  uint32_t status;
  cairn_bytes header, body;
} cairn_response;

static inline int cairn_decode_response(cairn_bytes message, cairn_response *v) {
  cairn_reader r = cairn_read(message);
  v->status = cairn_take_u32(&r);
  v->header = cairn_take_field(&r);
  v->body = cairn_take_field(&r);
  return cairn_read_end(&r);
}

static inline void cairn_encode_response(cairn_buf *b, const cairn_response *v) {
  cairn_add_byte(b, 1);
  cairn_add_u32(b, v->status);
  cairn_add_field(b, v->header);
  cairn_add_field(b, v->body);
}

/* Adds one name and value to a header, which is pairs of fields. */
static inline void cairn_add_header(cairn_buf *header, cairn_bytes name, cairn_bytes value) {
  cairn_add_field(header, name);
  cairn_add_field(header, value);
}

/* Takes the next pair off the front of a header, or of what cairn_list_next
 * has filled; 0 when there is none. */
static inline int cairn_next_pair(cairn_bytes *pairs, cairn_bytes *name, cairn_bytes *value) {
  cairn_reader r = {pairs->ptr, pairs->len, 0};
  *name = cairn_take_field(&r);
  *value = cairn_take_field(&r);
  *pairs = (cairn_bytes){r.ptr, r.len};
  return !r.bad;
}

/* | 01 | id (32B) | named (1B) | class | name | */
typedef struct {
  const uint8_t *id; /* 32 bytes */
  int named;         /* 0: reached by an ID without a name */
  cairn_bytes class_name, name;
} cairn_object;

static inline int cairn_decode_object(cairn_bytes message, cairn_object *v) {
  cairn_reader r = cairn_read(message);
  v->id = cairn_take(&r, 32).ptr;
  v->named = cairn_take_byte(&r);
  v->class_name = cairn_take_field(&r);
  v->name = cairn_take_field(&r);
  return cairn_read_end(&r) && v->named <= 1;
}

/* | 01 | method | args | */
typedef struct {
  cairn_bytes method, args; /* args is a JSON array */
} cairn_method_call;

static inline int cairn_decode_call(cairn_bytes message, cairn_method_call *v) {
  cairn_reader r = cairn_read(message);
  v->method = cairn_take_field(&r);
  v->args = cairn_take_field(&r);
  return cairn_read_end(&r);
}

/* | 01 | scheduled (8B, ms) | retry count (4B) | */
typedef struct {
  int64_t scheduled_ms;
  uint32_t retry_count; /* 0 on the first run */
} cairn_alarm;

static inline int cairn_decode_alarm(cairn_bytes message, cairn_alarm *v) {
  cairn_reader r = cairn_read(message);
  cairn_bytes ms = cairn_take(&r, 8);
  if (ms.len) __builtin_memcpy(&v->scheduled_ms, ms.ptr, 8);
  v->retry_count = cairn_take_u32(&r);
  return cairn_read_end(&r);
}

/* | 01 | flags (1B) | limit (4B) | start | start_after | end | prefix | */
typedef struct {
  uint8_t flags; /* CAIRN_LIST_...: which of the fields count */
  uint32_t limit;
  cairn_bytes start, start_after, end, prefix;
} cairn_list;

static inline void cairn_encode_list(cairn_buf *b, const cairn_list *v) {
  cairn_add_byte(b, 1);
  cairn_add_byte(b, v->flags);
  cairn_add_u32(b, v->limit);
  cairn_add_field(b, v->start);
  cairn_add_field(b, v->start_after);
  cairn_add_field(b, v->end);
  cairn_add_field(b, v->prefix);
}

/* | 01 | flags (1B) | name | message | */
typedef struct {
  uint8_t flags;             /* CAIRN_ERROR_... */
  cairn_bytes name, message; /* no name is Error */
} cairn_error;

static inline int cairn_decode_error(cairn_bytes message, cairn_error *v) {
  cairn_reader r = cairn_read(message);
  v->flags = cairn_take_byte(&r);
  v->name = cairn_take_field(&r);
  v->message = cairn_take_field(&r);
  return cairn_read_end(&r) && v->flags < 16;
}

static inline void cairn_encode_error(cairn_buf *b, const cairn_error *v) {
  cairn_add_byte(b, 1);
  cairn_add_byte(b, v->flags);
  cairn_add_field(b, v->name);
  cairn_add_field(b, v->message);
}

/* ---- What a handler returns ---- */

static inline cairn_status cairn_output(cairn_status status, cairn_bytes output) {
  if (cairn_output_write(output.ptr, output.len) != CAIRN_OK) __builtin_trap();
  return status;
}

static inline cairn_status cairn_respond(const cairn_response *v) {
  cairn_buf b = {0};
  cairn_encode_response(&b, v);
  return cairn_output(CAIRN_OK, cairn_view(&b));
}

static inline cairn_status cairn_text(uint32_t status, cairn_bytes body) {
  cairn_buf header = {0};
  cairn_add_header(&header, CAIRN_STR("Content-Type"), CAIRN_STR("text/plain;charset=UTF-8"));
  cairn_response v = {status, cairn_view(&header), body};
  return cairn_respond(&v);
}

/* What a method returns, in JSON. */
static inline cairn_status cairn_result(cairn_bytes json) { return cairn_output(CAIRN_OK, json); }

/* An error for the caller, such as TypeError. */
static inline cairn_status cairn_fail(cairn_bytes name, cairn_bytes message) {
  cairn_error v = {0, name, message};
  cairn_buf b = {0};
  cairn_encode_error(&b, &v);
  return cairn_output(CAIRN_ERROR, cairn_view(&b));
}

/* For a class that has no such method. */
static inline cairn_status cairn_no_method(cairn_bytes method) {
  cairn_buf b = {0};
  cairn_add(&b, CAIRN_STR("The RPC receiver does not implement the method \""));
  cairn_add(&b, method);
  cairn_add(&b, CAIRN_STR("\"."));
  return cairn_fail(CAIRN_STR("TypeError"), cairn_view(&b));
}

/* The result that the last import left. */
static inline cairn_bytes cairn_last_result(void) {
  uint32_t len = 0;
  cairn_result_read(0, 0, &len);
  uint8_t *ptr = (uint8_t *)cairn_alloc(len);
  if (cairn_result_read(ptr, len, &len) != CAIRN_OK) __builtin_trap();
  return (cairn_bytes){ptr, len};
}

/* Passes on to the caller why an import failed, right after it did. */
static inline cairn_status cairn_failed(cairn_status status) {
  if (status == CAIRN_ERROR) return cairn_output(CAIRN_ERROR, cairn_last_result());
  cairn_buf b = {0};
  cairn_add(&b, CAIRN_STR("cairn: the host answered with status "));
  cairn_add_int(&b, status);
  return cairn_fail(CAIRN_STR(""), cairn_view(&b));
}

/* ---- Comfort: imports that find a buffer by themselves ----
 *
 * They answer as the import does, but never TOO_SMALL. */

#define CAIRN_FIRST_CAP 256u /* most values fit; larger ones take a second import */

static inline cairn_status cairn_fetched(cairn_status s, uint8_t *buf, uint32_t len,
                                         cairn_bytes *value) {
  *value = (cairn_bytes){buf, s == CAIRN_OK ? len : 0};
  if (s != CAIRN_TOO_SMALL) return s;
  *value = cairn_last_result();
  return CAIRN_OK;
}

static inline cairn_status cairn_get(cairn_bytes key, cairn_bytes *value) {
  uint32_t len = 0;
  uint8_t *buf = (uint8_t *)cairn_alloc(CAIRN_FIRST_CAP);
  cairn_status s = cairn_storage_get(key.ptr, key.len, buf, CAIRN_FIRST_CAP, &len);
  return cairn_fetched(s, buf, len, value);
}

static inline cairn_status cairn_put(cairn_bytes key, cairn_bytes value) {
  return cairn_storage_put(key.ptr, key.len, value.ptr, value.len, 0);
}

static inline cairn_status cairn_env(cairn_bytes name, cairn_bytes *json) {
  uint32_t len = 0;
  uint8_t *buf = (uint8_t *)cairn_alloc(CAIRN_FIRST_CAP);
  cairn_status s = cairn_env_get(name.ptr, name.len, buf, CAIRN_FIRST_CAP, &len);
  return cairn_fetched(s, buf, len, json);
}

/* Calls a method of the object of a name. args is a JSON array. Each call finds the
 * object anew: after an error with the flag reset the object has forgotten its
 * callers, and the next call begins afresh. Who relies on its memory must stop. */
static inline cairn_status cairn_call(cairn_bytes binding, cairn_bytes name, cairn_bytes method,
                                      cairn_bytes args, cairn_bytes *json) {
  uint32_t len = 0;
  uint8_t *buf = (uint8_t *)cairn_alloc(CAIRN_FIRST_CAP);
  cairn_status s = cairn_stub_call(binding.ptr, binding.len, CAIRN_TARGET_NAME, name.ptr, name.len,
                                   method.ptr, method.len, args.ptr, args.len,
                                   buf, CAIRN_FIRST_CAP, &len);
  return cairn_fetched(s, buf, len, json);
}

static inline void cairn_log(int32_t level, cairn_bytes text) {
  cairn_log_write(level, text.ptr, text.len, 0, 0); /* what is too much is dropped */
}

/* ---- URLs ---- */

static inline uint32_t cairn_index(cairn_bytes s, uint32_t from, uint8_t c) {
  while (from < s.len && s.ptr[from] != c) from++;
  return from < s.len ? from : s.len;
}

/* Cuts s at the first c, into what is before and what is behind it. */
static inline cairn_bytes cairn_cut(cairn_bytes *s, uint8_t c) {
  uint32_t i = cairn_index(*s, 0, c), behind = i < s->len ? i + 1 : i;
  cairn_bytes before = {s->ptr, i};
  *s = (cairn_bytes){s->ptr + behind, s->len - behind};
  return before;
}

/* An absolute URL's path as it stands there; / if there is none. */
static inline cairn_bytes cairn_path(cairn_bytes url) {
  url = cairn_cut(&url, '?');
  uint32_t start = cairn_index(url, cairn_index(url, 0, '/') + 2, '/'); /* after scheme://host */
  if (start == url.len) return CAIRN_STR("/");
  return (cairn_bytes){url.ptr + start, url.len - start};
}

static inline int cairn_hex_digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %20 and +. What only looks like an escape stays as it is. */
static inline cairn_bytes cairn_unescape(cairn_bytes s) {
  uint8_t *out = (uint8_t *)cairn_alloc(s.len);
  uint32_t n = 0;
  for (uint32_t i = 0; i < s.len; i++) {
    uint8_t c = s.ptr[i];
    if (c == '+') {
      c = ' ';
    } else if (c == '%' && s.len - i > 2) {
      int high = cairn_hex_digit(s.ptr[i + 1]), low = cairn_hex_digit(s.ptr[i + 2]);
      if (high >= 0 && low >= 0) {
        c = (uint8_t)(high << 4 | low);
        i += 2;
      }
    }
    out[n++] = c;
  }
  return (cairn_bytes){out, n};
}

/* The first value of a key in a URL's query, decoded; empty if there is none. */
static inline cairn_bytes cairn_query(cairn_bytes url, cairn_bytes key) {
  cairn_cut(&url, '?');
  while (url.len > 0) {
    cairn_bytes value = cairn_cut(&url, '&');
    cairn_bytes name = cairn_cut(&value, '=');
    if (cairn_equal(cairn_unescape(name), key)) return cairn_unescape(value);
  }
  return CAIRN_STR("");
}

/* ---- JSON, as far as arguments need it ---- */

static inline cairn_bytes cairn_trim(cairn_bytes s) {
  while (s.len > 0 && s.ptr[0] <= ' ') s.ptr++, s.len--;
  while (s.len > 0 && s.ptr[s.len - 1] <= ' ') s.len--;
  return s;
}

/* Takes the first element off an array's inside; elements are not checked. */
static inline cairn_bytes cairn_json_next(cairn_bytes *s) {
  uint32_t i = 0, depth = 0;
  for (; i < s->len; i++) {
    uint8_t c = s->ptr[i];
    if (c == '"') {
      for (i++; i < s->len && s->ptr[i] != '"'; i++) i += s->ptr[i] == '\\';
    } else if (c == '[' || c == '{') {
      depth++;
    } else if (c == ']' || c == '}') {
      depth--;
    } else if (c == ',' && depth == 0) {
      break;
    }
  }
  uint32_t end = i < s->len ? i : s->len, behind = i < s->len ? i + 1 : s->len;
  cairn_bytes element = cairn_trim((cairn_bytes){s->ptr, end});
  *s = (cairn_bytes){s->ptr + behind, s->len - behind};
  return element;
}

/* The element of a JSON array, from 0; 0 if it has none such. */
static inline int cairn_json_element(cairn_bytes array, uint32_t index, cairn_bytes *element) {
  array = cairn_trim(array);
  if (array.len < 2 || array.ptr[0] != '[') return 0;
  cairn_bytes inside = cairn_trim((cairn_bytes){array.ptr + 1, array.len - 2});
  while (inside.len > 0) {
    *element = cairn_json_next(&inside);
    if (index-- == 0) return 1;
  }
  return 0;
}

/* A JSON integer; 0 for what is none, or does not fit. */
static inline int cairn_json_int(cairn_bytes s, int64_t *v) {
  int negative = s.len > 0 && s.ptr[0] == '-';
  if (negative) s.ptr++, s.len--;
  if (s.len == 0 || s.len > 19 || (s.len > 1 && s.ptr[0] == '0')) return 0;
  uint64_t u = 0; /* holds any 19 digits */
  for (uint32_t i = 0; i < s.len; i++) {
    if (s.ptr[i] < '0' || s.ptr[i] > '9') return 0;
    u = u * 10 + (uint64_t)(s.ptr[i] - '0');
  }
  if (u > (uint64_t)INT64_MAX + (uint64_t)negative) return 0;
  *v = (int64_t)(negative ? 0 - u : u);
  return 1;
}

/* A string in JSON, with its quotes. The text is UTF-8 and crosses as it is. */
static inline void cairn_add_json_string(cairn_buf *b, cairn_bytes s) {
  static const uint8_t hex[] = "0123456789abcdef";
  cairn_add_byte(b, '"');
  for (uint32_t i = 0; i < s.len; i++) {
    uint8_t c = s.ptr[i];
    if (c < ' ') {
      cairn_add(b, CAIRN_STR("\\u00"));
      cairn_add_byte(b, hex[c >> 4]);
      cairn_add_byte(b, hex[c & 15]);
      continue;
    }
    if (c == '"' || c == '\\') cairn_add_byte(b, '\\');
    cairn_add_byte(b, c);
  }
  cairn_add_byte(b, '"');
}

/* ---- Exports ----
 *
 * Each macro makes one export that reads and decodes the input, calls a handler,
 * and forgets what it has allocated. Use each at most once in a module. */

static inline cairn_bytes cairn_input(uint32_t n) {
  uint8_t *ptr = (uint8_t *)cairn_alloc(n);
  if (cairn_input_read(ptr, n) != CAIRN_OK) __builtin_trap();
  return (cairn_bytes){ptr, n};
}

#define CAIRN_EXPORT(name) __attribute__((export_name(#name), used))

#define CAIRN_ENTRY(export_, type, decode, handler, forget)     \
  CAIRN_EXPORT(export_) cairn_status cairn_##export_(uint32_t n) { \
    type message;                                                 \
    cairn_alloc(0); /* so that there is a top */                  \
    uintptr_t top = cairn_top;                                    \
    if (!decode(cairn_input(n), &message)) __builtin_trap();      \
    cairn_status status = handler(&message);                      \
    if (forget) cairn_top = top;                                  \
    return status;                                                \
  }

/* void start(void) registers classes and the Worker. Calling the linker's
 * constructors here keeps it from calling them at each export. */
#define CAIRN_INITIALIZE(start)                                      \
  CAIRN_EXPORT(abi_version) uint32_t cairn_abi_version(void) {         \
    return CAIRN_ABI_VERSION;                                          \
  }                                                                    \
  CAIRN_EXPORT(_initialize) void cairn_initialize(void) {              \
    __wasm_call_ctors();                                               \
    start();                                                           \
  }
extern void __wasm_call_ctors(void);

/* cairn_status handler(const cairn_request *) */
#define CAIRN_WORKER_FETCH(handler) \
  CAIRN_ENTRY(worker_fetch, cairn_request, cairn_decode_request, handler, 1)
/* cairn_status handler(const cairn_object *), the constructor. What it gets and
 * allocates stays for the activation. */
#define CAIRN_OBJECT_INIT(handler) \
  CAIRN_ENTRY(object_init, cairn_object, cairn_decode_object, handler, 0)
/* cairn_status handler(const cairn_method_call *) */
#define CAIRN_OBJECT_CALL(handler) \
  CAIRN_ENTRY(object_call, cairn_method_call, cairn_decode_call, handler, 1)
/* cairn_status handler(const cairn_request *) */
#define CAIRN_OBJECT_FETCH(handler) \
  CAIRN_ENTRY(object_fetch, cairn_request, cairn_decode_request, handler, 1)
/* cairn_status handler(const cairn_alarm *) */
#define CAIRN_OBJECT_ALARM(handler) \
  CAIRN_ENTRY(object_alarm, cairn_alarm, cairn_decode_alarm, handler, 1)
/* cairn_status handler(const cairn_bytes *nothing), after cairn_background_request */
#define CAIRN_BACKGROUND_RUN(handler) \
  CAIRN_ENTRY(background_run, cairn_bytes, cairn_decode_nothing, handler, 1)

static inline int cairn_decode_nothing(cairn_bytes message, cairn_bytes *v) {
  *v = message;
  return 1;
}

#ifdef __cplusplus
}
#endif
#endif
