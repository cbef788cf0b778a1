// cairn.ts: write a cairn guest in AssemblyScript.
//
// Copy this file beside yours. The contract itself is abi/SPEC.md.
//
//     import { Request, Response, registerWorker } from "./cairn";
//     export { abi_version, worker_fetch } from "./cairn";
//
//     registerWorker((req: Request): Response => Response.text(200, "hello"));
//
//     npx asc hello.ts -o hello.wasm -O --shrinkLevel 2 --runtime incremental \
//       --exportStart _initialize --use abort=cairn/abort
//
// Register at the top level of the file, which runs as _initialize, and export
// again what the host calls: abi_version, worker_fetch of a Worker, object_init
// and object_call of a class, object_fetch and object_alarm of one whose flags
// say so. A guest that uses background_request writes its background_run itself.
//
// AssemblyScript has no exceptions to catch. What the caller should hear is a
// Failure; what cannot be handled goes to abort: it is logged, the activation
// ends, what the call has written is gone, and an object's caller is told why.
//
// While an object waits in Stub.call or Stub.fetch it may be entered again, on
// the same stack. Its fields can have changed when the call returns.

// ---- Imports, as abi/func.go has them ----
//
// Buffers are passed as references and not as addresses: so the garbage collector
// sees them on the stack while a nested entry runs.

// prettier-ignore
export namespace raw {
  @external("cairn_v1", "class_register")
  export declare function class_register(name: ArrayBuffer, nameLen: i32, flags: u32): u32;
  @external("cairn_v1", "worker_register")
  export declare function worker_register(): u32;
  @external("cairn_v1", "input_read")
  export declare function input_read(buf: ArrayBuffer, cap: i32): u32;
  @external("cairn_v1", "output_write")
  export declare function output_write(output: ArrayBuffer, len: i32): u32;
  @external("cairn_v1", "result_read")
  export declare function result_read(buf: ArrayBuffer | null, cap: i32, len: usize): u32;
  @external("cairn_v1", "env_get")
  export declare function env_get(
    name: ArrayBuffer, nameLen: i32, buf: ArrayBuffer, cap: i32, len: usize): u32;
  @external("cairn_v1", "log_write")
  export declare function log_write(
    level: i32, text: ArrayBuffer, textLen: i32, attrs: ArrayBuffer | null, attrsLen: i32): u32;
  @external("cairn_v1", "id_from_name")
  export declare function id_from_name(
    binding: ArrayBuffer, bindingLen: i32, name: ArrayBuffer, nameLen: i32, id: ArrayBuffer): u32;
  @external("cairn_v1", "id_parse")
  export declare function id_parse(
    binding: ArrayBuffer, bindingLen: i32, hex: ArrayBuffer, hexLen: i32, id: ArrayBuffer): u32;
  @external("cairn_v1", "id_new")
  export declare function id_new(binding: ArrayBuffer, bindingLen: i32, id: ArrayBuffer): u32;
  @external("cairn_v1", "stub_call")
  export declare function stub_call(
    binding: ArrayBuffer, bindingLen: i32, kind: u32, target: ArrayBuffer, targetLen: i32,
    method: ArrayBuffer, methodLen: i32, args: ArrayBuffer, argsLen: i32,
    buf: ArrayBuffer, cap: i32, len: usize): u32;
  @external("cairn_v1", "stub_fetch")
  export declare function stub_fetch(
    binding: ArrayBuffer, bindingLen: i32, kind: u32, target: ArrayBuffer, targetLen: i32,
    request: ArrayBuffer, requestLen: i32, buf: ArrayBuffer, cap: i32, len: usize): u32;
  @external("cairn_v1", "fetch_send")
  export declare function fetch_send(
    request: ArrayBuffer, requestLen: i32, buf: ArrayBuffer, cap: i32, len: usize): u32;
  @external("cairn_v1", "storage_get")
  export declare function storage_get(
    key: ArrayBuffer, keyLen: i32, buf: ArrayBuffer, cap: i32, len: usize): u32;
  @external("cairn_v1", "storage_put")
  export declare function storage_put(
    key: ArrayBuffer, keyLen: i32, value: ArrayBuffer, valueLen: i32, flags: u32): u32;
  @external("cairn_v1", "storage_delete")
  export declare function storage_delete(key: ArrayBuffer, keyLen: i32, flags: u32): u32;
  @external("cairn_v1", "storage_delete_all")
  export declare function storage_delete_all(): u32;
  @external("cairn_v1", "storage_sync")
  export declare function storage_sync(): u32;
  @external("cairn_v1", "list_open")
  export declare function list_open(options: ArrayBuffer, optionsLen: i32, handle: usize): u32;
  @external("cairn_v1", "list_next")
  export declare function list_next(handle: u32, buf: ArrayBuffer, cap: i32, len: usize): u32;
  @external("cairn_v1", "list_close")
  export declare function list_close(handle: u32): u32;
  @external("cairn_v1", "transaction_begin")
  export declare function transaction_begin(): u32;
  @external("cairn_v1", "transaction_commit")
  export declare function transaction_commit(): u32;
  @external("cairn_v1", "transaction_rollback")
  export declare function transaction_rollback(): u32;
  @external("cairn_v1", "alarm_set")
  export declare function alarm_set(timeMs: i64, flags: u32): u32;
  @external("cairn_v1", "alarm_get")
  export declare function alarm_get(timeMs: usize): u32;
  @external("cairn_v1", "alarm_delete")
  export declare function alarm_delete(flags: u32): u32;
  @external("cairn_v1", "critical_begin")
  export declare function critical_begin(): u32;
  @external("cairn_v1", "critical_end")
  export declare function critical_end(): u32;
  @external("cairn_v1", "background_request")
  export declare function background_request(): u32;
  @external("cairn_v1", "object_abort")
  export declare function object_abort(reason: ArrayBuffer, reasonLen: i32): void;
  // Returns only to refuse. Flag 1: the alarm that runs is not tried again.
  @external("cairn_v1", "object_reset")
  export declare function object_reset(reason: ArrayBuffer, reasonLen: i32, flags: u32): u32;
}

// Statuses, see abi/status.go.
const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const TOO_SMALL: u32 = 2;
const ERROR: u32 = 7;

// Flags of a class.
export const HAS_FETCH: u32 = 1;
export const HAS_ALARM: u32 = 2;

// Levels of a log record.
export const LEVEL_DEBUG: i32 = -4;
export const LEVEL_INFO: i32 = 0;
export const LEVEL_WARN: i32 = 4;
export const LEVEL_ERROR: i32 = 8;

// Where an import puts up to 8 bytes. It is read as soon as the import returns,
// so that nested entries can share it.
const out = memory.data(8, 8);

// ---- Text ----

function utf8(s: string): ArrayBuffer {
  return String.UTF8.encode(s, false, String.UTF8.ErrorMode.REPLACE);
}

function text(b: ArrayBuffer): string {
  return String.UTF8.decode(b);
}

/** Writes a line to the host's log; what is too much is dropped. */
export function log(level: i32, message: string): void {
  const b = utf8(message);
  raw.log_write(level, b, b.byteLength, null, 0);
}

/** What the compiler calls where it cannot go on; see --use above. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const what = message ? message : "abort";
  const where = file ? file : "?";
  log(LEVEL_ERROR, what + " at " + where + ":" + line.toString() + ":" + column.toString());
  const reason = utf8(what);
  raw.object_abort(reason, reason.byteLength); // does not return
  unreachable();
}

// ---- Messages, as abi/wire has them ----

/** Writer makes a message of fields. */
export class Writer {
  private buf: ArrayBuffer = new ArrayBuffer(128);
  private len: i32 = 0;

  private room(n: i32): usize {
    const need = this.len + n;
    if (need > this.buf.byteLength) {
      const buf = new ArrayBuffer(max(need, this.buf.byteLength * 2));
      memory.copy(changetype<usize>(buf), changetype<usize>(this.buf), this.len);
      this.buf = buf;
    }
    const at = changetype<usize>(this.buf) + this.len;
    this.len = need;
    return at;
  }

  byte(v: u8): Writer {
    store<u8>(this.room(1), v);
    return this;
  }

  u32(v: u32): Writer {
    store<u32>(this.room(4), v); // wasm is little-endian, as messages are
    return this;
  }

  field(v: ArrayBuffer): Writer {
    this.u32(v.byteLength);
    memory.copy(this.room(v.byteLength), changetype<usize>(v), v.byteLength);
    return this;
  }

  text(v: string): Writer {
    return this.field(utf8(v));
  }

  bytes(): ArrayBuffer {
    return this.buf.slice(0, this.len);
  }
}

/** Reader takes a message's fields off its front. A message that ends too early
 * cannot come from a host: it aborts. */
export class Reader {
  private at: i32 = 0;

  constructor(private b: ArrayBuffer, private end: i32) {}

  static message(b: ArrayBuffer): Reader {
    const r = new Reader(b, b.byteLength);
    assert(r.byte() == 1, "cairn: a message of another version");
    return r;
  }

  more(): bool {
    return this.at < this.end;
  }

  private take(n: i32): usize {
    assert(n >= 0 && n <= this.end - this.at, "cairn: malformed message");
    const at = changetype<usize>(this.b) + this.at;
    this.at += n;
    return at;
  }

  byte(): u8 {
    return load<u8>(this.take(1));
  }

  u32(): u32 {
    return load<u32>(this.take(4));
  }

  i64(): i64 {
    return load<i64>(this.take(8));
  }

  bytes(n: i32): ArrayBuffer {
    const from = this.at;
    this.take(n);
    return this.b.slice(from, from + n);
  }

  field(): ArrayBuffer {
    return this.bytes(this.u32());
  }

  text(): string {
    const n = this.u32();
    return String.UTF8.decodeUnsafe(this.take(n), n);
  }
}

/** Names and values of HTTP. A name stands once for each of its values. */
export class Header {
  names: string[] = [];
  values: string[] = [];

  add(name: string, value: string): Header {
    this.names.push(name);
    this.values.push(value);
    return this;
  }

  /** The first value of a name, in any case. */
  get(name: string): string | null {
    const lower = name.toLowerCase();
    for (let i = 0; i < this.names.length; i++) {
      if (this.names[i].toLowerCase() == lower) return this.values[i];
    }
    return null;
  }

  encode(): ArrayBuffer {
    const w = new Writer();
    for (let i = 0; i < this.names.length; i++) w.text(this.names[i]).text(this.values[i]);
    return w.bytes();
  }

  static decode(b: ArrayBuffer): Header {
    const r = new Reader(b, b.byteLength);
    const h = new Header();
    while (r.more()) h.add(r.text(), r.text());
    return h;
  }
}

/** An HTTP request: | 01 | method | url | header | body | */
export class Request {
  constructor(
    public method: string,
    public url: string, // absolute
    public header: Header = new Header(),
    public body: ArrayBuffer = new ArrayBuffer(0),
  ) {}

  encode(): ArrayBuffer {
    const w = new Writer().byte(1).text(this.method).text(this.url);
    return w.field(this.header.encode()).field(this.body).bytes();
  }

  static decode(b: ArrayBuffer): Request {
    const r = Reader.message(b);
    return new Request(r.text(), r.text(), Header.decode(r.field()), r.field());
  }

  /** The URL's path as it stands there; / if there is none. */
  path(): string {
    const url = before(this.url, "?");
    const scheme = url.indexOf("://");
    const start = url.indexOf("/", scheme < 0 ? 0 : scheme + 3);
    return start < 0 ? "/" : url.substring(start);
  }

  /** The first value of a key in the URL's query, decoded. */
  query(key: string): string | null {
    const mark = this.url.indexOf("?");
    if (mark < 0) return null;
    const pairs = this.url.substring(mark + 1).split("&");
    for (let i = 0; i < pairs.length; i++) {
      const name = before(pairs[i], "=");
      if (unescape(name) == key) return unescape(pairs[i].substring(name.length + 1));
    }
    return null;
  }
}

function before(s: string, mark: string): string {
  const i = s.indexOf(mark);
  return i < 0 ? s : s.substring(0, i);
}

function hexDigit(c: u8): i32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

/** Decodes %20 and +. What only looks like an escape stays as it is. */
export function unescape(s: string): string {
  const b = Uint8Array.wrap(utf8(s));
  let n = 0; // what is decoded is shorter, and goes to the front
  for (let i = 0; i < b.length; i++) {
    let c = b[i];
    if (c == 0x2b) {
      c = 0x20;
    } else if (c == 0x25 && i + 2 < b.length) {
      const hex = (hexDigit(b[i + 1]) << 4) | hexDigit(b[i + 2]);
      if (hex >= 0) {
        c = <u8>hex;
        i += 2;
      }
    }
    b[n++] = c;
  }
  return text(b.buffer.slice(0, n));
}

/** Why something failed: | 01 | flags (1B) | name | message | */
export class Failure {
  flags: u8 = 0; // 1 remote, 2 retryable, 4 overloaded, 8 reset

  constructor(public name: string, public message: string) {} // no name is Error

  /** For a class that has no such method. */
  static noMethod(method: string): Failure {
    const message = 'The RPC receiver does not implement the method "' + method + '".';
    return new Failure("TypeError", message);
  }

  encode(): ArrayBuffer {
    return new Writer().byte(1).byte(this.flags).text(this.name).text(this.message).bytes();
  }

  static decode(b: ArrayBuffer): Failure {
    const r = Reader.message(b);
    const flags = r.byte();
    const f = new Failure(r.text(), r.text());
    f.flags = flags;
    return f;
  }

  /** What an import's answer means, right after it was given. */
  static of(status: u32): Failure {
    if (status == ERROR) return Failure.decode(lastResult());
    return new Failure("", "cairn: the host answered with status " + status.toString());
  }
}

/** An HTTP response: | 01 | status (4B) | header | body | */
export class Response {
  /** Set on what is no response: the caller gets the failure, a client a 500. */
  failure: Failure | null = null;

  constructor(
    public status: u32,
    public header: Header = new Header(),
    public body: ArrayBuffer = new ArrayBuffer(0),
  ) {}

  static text(status: u32, body: string): Response {
    const header = new Header().add("Content-Type", "text/plain;charset=UTF-8");
    return new Response(status, header, utf8(body));
  }

  static failed(failure: Failure): Response {
    const resp = new Response(500);
    resp.failure = failure;
    return resp;
  }

  encode(): ArrayBuffer {
    const w = new Writer().byte(1).u32(this.status);
    return w.field(this.header.encode()).field(this.body).bytes();
  }

  static decode(b: ArrayBuffer): Response {
    const r = Reader.message(b);
    return new Response(r.u32(), Header.decode(r.field()), r.field());
  }
}

/** What a method returned: JSON, or a failure. */
export class Result {
  constructor(public json: string, public failure: Failure | null = null) {}

  static failed(failure: Failure): Result {
    return new Result("", failure);
  }
}

/** Which object an instance is: | 01 | id (32B) | named (1B) | class | name | */
export class Identity {
  constructor(
    public id: ArrayBuffer,
    public className: string,
    public name: string | null, // null: reached by an ID without a name
  ) {}

  static decode(b: ArrayBuffer): Identity {
    const r = Reader.message(b);
    const id = r.bytes(32);
    const named = r.byte() == 1;
    const className = r.text();
    const name = r.text();
    return new Identity(id, className, named ? name : null);
  }
}

/** An alarm that went off: | 01 | scheduled (8B, ms) | retry count (4B) | */
export class Alarm {
  constructor(public scheduledMs: i64, public retryCount: u32) {}

  static decode(b: ArrayBuffer): Alarm {
    const r = Reader.message(b);
    return new Alarm(r.i64(), r.u32());
  }
}

// ---- Classes and the Worker ----

/** A durable object's code. */
export abstract class DurableObject {
  /** Calls a method. args is a JSON array. */
  abstract call(method: string, args: string): Result;

  /** Only of classes with HAS_FETCH. */
  fetch(req: Request): Response {
    return Response.failed(new Failure("TypeError", "The class has no fetch handler."));
  }

  /** Only of classes with HAS_ALARM. A failure makes the alarm go off again. */
  alarm(alarm: Alarm): Failure | null {
    return null;
  }
}

type Worker = (req: Request) => Response;
type Constructor = (self: Identity) => DurableObject;

let worker: Worker | null = null;
const classes = new Map<string, Constructor>();
let object: DurableObject | null = null; // this instance is it until it ends

/** Only at the top level. */
export function registerWorker(fetch: Worker): void {
  assert(raw.worker_register() == OK, "cairn: worker_register");
  worker = fetch;
}

/** Only at the top level. A new object is made when it comes to memory. */
export function registerClass(name: string, flags: u32, create: Constructor): void {
  const b = utf8(name);
  assert(raw.class_register(b, b.byteLength, flags) == OK, "cairn: class_register");
  classes.set(name, create);
}

function input(n: i32): ArrayBuffer {
  const b = new ArrayBuffer(n);
  assert(raw.input_read(b, n) == OK, "cairn: input_read");
  return b;
}

function output(b: ArrayBuffer, failure: Failure | null): u32 {
  if (failure) b = failure.encode();
  assert(raw.output_write(b, b.byteLength) == OK, "cairn: output_write");
  return failure ? ERROR : OK;
}

function respond(resp: Response): u32 {
  return output(resp.encode(), resp.failure);
}

export function abi_version(): i32 {
  return 1;
}

export function worker_fetch(n: i32): u32 {
  return respond(worker!(Request.decode(input(n))));
}

export function object_init(n: i32): u32 {
  const self = Identity.decode(input(n));
  object = classes.get(self.className)(self);
  return OK;
}

export function object_call(n: i32): u32 {
  const r = Reader.message(input(n)); // | 01 | method | args |
  const method = r.text();
  const result = object!.call(method, r.text());
  return output(utf8(result.json), result.failure);
}

export function object_fetch(n: i32): u32 {
  return respond(object!.fetch(Request.decode(input(n))));
}

export function object_alarm(n: i32): u32 {
  return output(new ArrayBuffer(0), object!.alarm(Alarm.decode(input(n))));
}

// ---- What a guest can ask for ----

const FIRST_CAP: i32 = 256; // most values fit; larger ones take a second import

function lastResult(): ArrayBuffer {
  raw.result_read(null, 0, out);
  const b = new ArrayBuffer(load<u32>(out));
  assert(raw.result_read(b, b.byteLength, out) == OK, "cairn: result_read");
  return b;
}

/** The value that an import gave to buf, or left as its result. */
function value(status: u32, buf: ArrayBuffer): ArrayBuffer {
  return status == TOO_SMALL ? lastResult() : buf.slice(0, load<u32>(out));
}

/** Aborts where the host failed, which no guest can help. */
function must(status: u32): void {
  if (status != OK) abort(Failure.of(status).message, "cairn.ts", 0, 0);
}

/** A variable of the config's vars, as JSON. */
export function env(name: string): string | null {
  const b = utf8(name);
  const buf = new ArrayBuffer(FIRST_CAP);
  const status = raw.env_get(b, b.byteLength, buf, FIRST_CAP, out);
  return status == OK || status == TOO_SMALL ? text(value(status, buf)) : null;
}

/** What a caller holds of another object. It finds the object anew in each call:
 * after a Failure with the flag reset the object has forgotten its callers, and the
 * next call begins afresh. Who relies on its memory must stop there. */
export class Stub {
  private constructor(
    private binding: ArrayBuffer,
    private kind: u32,
    private target: ArrayBuffer,
  ) {}

  /** The object of a name in a binding's namespace. */
  static byName(binding: string, name: string): Stub {
    return new Stub(utf8(binding), 0, utf8(name));
  }

  /** The object of an ID, 32 bytes. */
  static byId(binding: string, id: ArrayBuffer): Stub {
    return new Stub(utf8(binding), 1, id);
  }

  /** Calls a method and waits. args is a JSON array. */
  call(method: string, args: string = "[]"): Result {
    const m = utf8(method);
    const a = utf8(args);
    const buf = new ArrayBuffer(FIRST_CAP);
    const status = raw.stub_call(
      this.binding, this.binding.byteLength, this.kind, this.target, this.target.byteLength,
      m, m.byteLength, a, a.byteLength, buf, FIRST_CAP, out);
    if (status != OK && status != TOO_SMALL) return Result.failed(Failure.of(status));
    return new Result(text(value(status, buf)));
  }

  /** Sends a request to the object's fetch handler and waits. */
  fetch(req: Request): Response {
    const message = req.encode();
    const buf = new ArrayBuffer(FIRST_CAP);
    const status = raw.stub_fetch(
      this.binding, this.binding.byteLength, this.kind, this.target, this.target.byteLength,
      message, message.byteLength, buf, FIRST_CAP, out);
    if (status != OK && status != TOO_SMALL) return Response.failed(Failure.of(status));
    return Response.decode(value(status, buf));
  }
}

/** Which keys to list:
 * | 01 | flags (1B) | limit (4B) | start | start_after | end | prefix | */
export class ListOptions {
  reverse: bool = false;
  limit: i32 = 0; // 0: all
  start: string | null = null; // from here on, inclusive
  startAfter: string | null = null; // from after here on
  end: string | null = null; // up to here, exclusive
  prefix: string = "";

  encode(): ArrayBuffer {
    const start = this.start, startAfter = this.startAfter, end = this.end;
    const flags: u8 =
      (this.reverse ? 1 : 0) | (start !== null ? 2 : 0) | (startAfter !== null ? 4 : 0) |
      (end !== null ? 8 : 0) | (this.limit != 0 ? 16 : 0);
    const w = new Writer().byte(1).byte(flags).u32(this.limit);
    w.text(start !== null ? start : "").text(startAfter !== null ? startAfter : "");
    return w.text(end !== null ? end : "").text(this.prefix).bytes();
  }
}

/** A key and its value. */
export class Entry {
  constructor(public key: string, public value: ArrayBuffer) {}
}

/** An object's own storage. In a Worker it aborts. */
export namespace storage {
  export function get(key: string): ArrayBuffer | null {
    const k = utf8(key);
    const buf = new ArrayBuffer(FIRST_CAP);
    const status = raw.storage_get(k, k.byteLength, buf, FIRST_CAP, out);
    if (status == NOT_FOUND) return null;
    if (status != TOO_SMALL) must(status);
    return value(status, buf);
  }

  export function put(key: string, value: ArrayBuffer): void {
    const k = utf8(key);
    must(raw.storage_put(k, k.byteLength, value, value.byteLength, 0));
  }

  export function getText(key: string): string | null {
    const b = get(key);
    return b ? text(b) : null;
  }

  export function putText(key: string, value: string): void {
    put(key, utf8(value));
  }

  /** Says whether there was such a key. */
  export function remove(key: string): bool {
    const k = utf8(key);
    const status = raw.storage_delete(k, k.byteLength, 0);
    if (status == NOT_FOUND) return false;
    must(status);
    return true;
  }

  /** Deletes every key and the alarm. */
  export function removeAll(): void {
    must(raw.storage_delete_all());
  }

  /** Waits until everything written before is durable. */
  export function sync(): void {
    must(raw.storage_sync());
  }

  /** Keys and values, all at once. */
  export function list(options: ListOptions): Entry[] {
    const message = options.encode();
    must(raw.list_open(message, message.byteLength, out));
    const handle = load<u32>(out);
    const all: Entry[] = [];
    let buf = new ArrayBuffer(4096);
    for (;;) {
      const status = raw.list_next(handle, buf, buf.byteLength, out);
      if (status == NOT_FOUND) break;
      if (status == TOO_SMALL) {
        buf = new ArrayBuffer(load<u32>(out)); // for the next entry, which comes again
        continue;
      }
      must(status);
      const r = new Reader(buf, load<u32>(out));
      while (r.more()) all.push(new Entry(r.text(), r.field()));
    }
    raw.list_close(handle);
    return all;
  }

  /** Sets the object's one alarm, in milliseconds since 1970. */
  export function setAlarm(timeMs: i64): void {
    must(raw.alarm_set(timeMs, 0));
  }

  /** When the alarm goes off, -1 if none is set. */
  export function getAlarm(): i64 {
    const status = raw.alarm_get(out);
    if (status == NOT_FOUND) return -1;
    must(status);
    return load<i64>(out);
  }

  export function deleteAlarm(): void {
    must(raw.alarm_delete(0));
  }
}

// ---- JSON, as far as arguments need it ----

/** The elements of a JSON array, unchecked: whoever parses one checks it. */
export function jsonElements(array: string): string[] {
  const all: string[] = [];
  const s = array.trim();
  if (s.length < 2 || s.substring(1, s.length - 1).trim().length == 0) return all;
  let start = 1, depth = 0, quoted = false;
  for (let i = 1; i < s.length - 1; i++) {
    const c = s.charCodeAt(i);
    if (c == 0x22) quoted = !quoted;
    else if (quoted) i += c == 0x5c ? 1 : 0; // a backslash and what it escapes
    else if (c == 0x5b || c == 0x7b) depth++;
    else if (c == 0x5d || c == 0x7d) depth--;
    else if (c == 0x2c && depth == 0) {
      all.push(s.substring(start, i).trim());
      start = i + 1;
    }
  }
  all.push(s.substring(start, s.length - 1).trim());
  return all;
}

/** Whether s is a JSON integer that an i64 holds; then I64.parseInt reads it. */
export function isJsonInt(s: string): bool {
  const negative = s.startsWith("-");
  const digits = negative ? s.substring(1) : s;
  if (digits.length == 0 || digits.length > 19) return false;
  if (digits.length > 1 && digits.charCodeAt(0) == 0x30) return false;
  for (let i = 0; i < digits.length; i++) {
    const c = digits.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  // Any 19 digits fit a u64.
  return U64.parseInt(digits) <= <u64>i64.MAX_VALUE + (negative ? 1 : 0);
}

/** A string in JSON, with its quotes. */
export function jsonString(s: string): string {
  let json = '"';
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c == 0x22 || c == 0x5c) json += "\\";
    if (c < 0x20) json += "\\u00" + (c < 16 ? "0" : "") + c.toString(16);
    else json += String.fromCharCode(c);
  }
  return json + '"';
}
