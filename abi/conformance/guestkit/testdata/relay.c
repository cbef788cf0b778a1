/* relay: an object that calls another and holds on to what it has allocated
 * before, so that the kit can nest entries meanwhile. */
#include "cairn.h"

static void start(void) {
  if (cairn_class_register("Relay", 5, 0) != CAIRN_OK) __builtin_trap();
}

static cairn_status init(const cairn_object *self) {
  (void)self;
  return CAIRN_OK;
}

static cairn_status call(const cairn_method_call *c) {
  if (cairn_equal(c->method, CAIRN_STR("echo"))) return cairn_result(c->args);
  if (!cairn_equal(c->method, CAIRN_STR("relay"))) return cairn_no_method(c->method);
  cairn_buf kept = {0}, args = {0}, out = {0};
  cairn_add(&kept, CAIRN_STR("\"kept\""));
  cairn_add(&args, CAIRN_STR("[\"hello\"]"));
  cairn_bytes json;
  cairn_status s = cairn_call(CAIRN_STR("Relay"), CAIRN_STR("other"), CAIRN_STR("echo"), cairn_view(&args), &json);
  if (s != CAIRN_OK) return cairn_failed(s);
  cairn_add_byte(&out, '[');
  cairn_add(&out, json);
  cairn_add_byte(&out, ',');
  cairn_add(&out, cairn_view(&kept));
  cairn_add_byte(&out, ']');
  return cairn_result(cairn_view(&out));
}

CAIRN_INITIALIZE(start)
CAIRN_OBJECT_INIT(init)
CAIRN_OBJECT_CALL(call)
