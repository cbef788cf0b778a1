/* counter: Durable Objects' "Build a counter" in C. A Worker counts up, down and
 * shows; an object for each name does the counting. */
#include "cairn.h"

static void start(void) {
  cairn_bytes class_name = CAIRN_STR("Counter");
  if (cairn_worker_register() != CAIRN_OK) __builtin_trap();
  if (cairn_class_register(class_name.ptr, class_name.len, 0) != CAIRN_OK) __builtin_trap();
}

/* The Worker. */
static cairn_status fetch(const cairn_request *req) {
  cairn_bytes name = cairn_query(req->url, CAIRN_STR("name"));
  if (name.len == 0)
    return cairn_text(200, CAIRN_STR("Select a Durable Object to contact by using the `name` URL"
                                     " query string parameter, for example, ?name=A"));

  cairn_bytes path = cairn_path(req->url), method;
  if (cairn_equal(path, CAIRN_STR("/increment")))
    method = CAIRN_STR("increment");
  else if (cairn_equal(path, CAIRN_STR("/decrement")))
    method = CAIRN_STR("decrement");
  else if (cairn_equal(path, CAIRN_STR("/")))
    method = CAIRN_STR("getCounterValue"); /* the value as it is */
  else
    return cairn_text(404, CAIRN_STR("Not found"));

  /* Call a method of the object of that name, wherever it is, and wait. */
  cairn_bytes count;
  cairn_status s = cairn_call(CAIRN_STR("COUNTERS"), name, method, CAIRN_STR("[]"), &count);
  if (s != CAIRN_OK) return cairn_failed(s);

  cairn_buf body = {0};
  cairn_add(&body, CAIRN_STR("Durable Object '"));
  cairn_add(&body, name);
  cairn_add(&body, CAIRN_STR("' count: "));
  cairn_add(&body, count);
  return cairn_text(200, cairn_view(&body));
}

/* The object's constructor. A counter holds nothing in memory. */
static cairn_status init(const cairn_object *self) {
  (void)self;
  return CAIRN_OK;
}

/* Reads the count; 0 at first. What it does not return OK for, it has answered. */
static cairn_status load(int64_t *value) {
  cairn_bytes stored;
  cairn_status s = cairn_get(CAIRN_STR("value"), &stored);
  *value = 0;
  if (s == CAIRN_NOT_FOUND) return CAIRN_OK;
  if (s != CAIRN_OK) return cairn_failed(s);
  if (cairn_json_int(stored, value)) return CAIRN_OK;
  return cairn_fail(CAIRN_STR(""), CAIRN_STR("counter: the stored value is not an integer"));
}

static cairn_status show(void) {
  int64_t value;
  cairn_status s = load(&value);
  if (s != CAIRN_OK) return s;
  cairn_buf json = {0};
  cairn_add_int(&json, value);
  return cairn_result(cairn_view(&json));
}

static cairn_status add(uint64_t amount) {
  int64_t value;
  cairn_status s = load(&value);
  if (s != CAIRN_OK) return s;

  /* Nobody else changed the value since it was read: no other call of this
   * object runs until this one is over. Reading, adding and writing is safe.
   * Unsigned, as a signed sum must not wrap in C. */
  cairn_buf json = {0};
  cairn_add_int(&json, (int64_t)((uint64_t)value + amount));
  s = cairn_put(CAIRN_STR("value"), cairn_view(&json));
  if (s != CAIRN_OK) return cairn_failed(s);
  return cairn_result(cairn_view(&json));
}

/* A method of Counter. */
static cairn_status call(const cairn_method_call *c) {
  int up = cairn_equal(c->method, CAIRN_STR("increment"));
  if (!up && !cairn_equal(c->method, CAIRN_STR("decrement"))) {
    if (cairn_equal(c->method, CAIRN_STR("getCounterValue"))) return show();
    return cairn_no_method(c->method);
  }
  int64_t amount = 1;
  cairn_bytes arg;
  if (cairn_json_element(c->args, 0, &arg) && !cairn_json_int(arg, &amount)) {
    cairn_buf message = {0};
    cairn_add(&message, CAIRN_STR("Failed to call \""));
    cairn_add(&message, c->method);
    cairn_add(&message, CAIRN_STR("\": parameter 1 is not of type 'int64'."));
    return cairn_fail(CAIRN_STR("TypeError"), cairn_view(&message));
  }
  return add(up ? (uint64_t)amount : 0 - (uint64_t)amount);
}

CAIRN_INITIALIZE(start)
CAIRN_WORKER_FETCH(fetch)
CAIRN_OBJECT_INIT(init)
CAIRN_OBJECT_CALL(call)
