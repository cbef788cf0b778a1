//! cairn.rs: write a cairn guest in Rust, for `wasm32-unknown-unknown`, without
//! crates and without WASI.
//!
//! Copy this file beside yours. The contract itself is abi/SPEC.md.
//!
//! ```
//! mod cairn;
//!
//! fn hello(_: &cairn::Request) -> cairn::Result<cairn::Response> {
//!     Ok(cairn::Response::text(200, "hello"))
//! }
//!
//! #[no_mangle]
//! pub extern "C" fn _initialize() {
//!     cairn::register_worker(hello);
//! }
//! ```
//!
//! An [`Object`] gets `&self`, not `&mut self`: while it waits in [`Stub::call`]
//! or [`Stub::fetch`], it may be entered again on the same stack. Keep what
//! changes in `Cell`s, and let no borrow of a `RefCell` live across such a call.
//!
//! A panic ends the activation, as any trap does, and [`register_worker`] and
//! [`register_class`] see to it that the log says why. There is no randomness in
//! std here, not for HashMap either; [`random`] asks the host.
#![allow(dead_code)] // a guest uses what it needs

use std::cell::{Cell, RefCell};

/// The imports, as abi/func.go has them. Use them for what has no comfort below.
pub mod raw {
    #[link(wasm_import_module = "cairn_v1")]
    extern "C" {
        pub fn class_register(name: *const u8, name_len: usize, flags: u32) -> u32;
        pub fn worker_register() -> u32;
        pub fn input_read(buf: *mut u8, cap: usize) -> u32;
        pub fn output_write(ptr: *const u8, len: usize) -> u32;
        pub fn result_read(buf: *mut u8, cap: usize, len: *mut usize) -> u32;
        pub fn env_get(
            name: *const u8, name_len: usize, buf: *mut u8, cap: usize, len: *mut usize,
        ) -> u32;
        pub fn log_write(
            level: i32, text: *const u8, text_len: usize, attrs: *const u8, attrs_len: usize,
        ) -> u32;
        pub fn id_from_name(
            binding: *const u8, binding_len: usize, name: *const u8, name_len: usize, id: *mut u8,
        ) -> u32;
        pub fn id_parse(
            binding: *const u8, binding_len: usize, hex: *const u8, hex_len: usize, id: *mut u8,
        ) -> u32;
        pub fn id_new(binding: *const u8, binding_len: usize, id: *mut u8) -> u32;
        pub fn stub_call(
            binding: *const u8, binding_len: usize,
            kind: u32, target: *const u8, target_len: usize,
            method: *const u8, method_len: usize, args: *const u8, args_len: usize,
            buf: *mut u8, cap: usize, len: *mut usize,
        ) -> u32;
        pub fn stub_fetch(
            binding: *const u8, binding_len: usize,
            kind: u32, target: *const u8, target_len: usize,
            request: *const u8, request_len: usize,
            buf: *mut u8, cap: usize, len: *mut usize,
        ) -> u32;
        pub fn fetch_send(
            request: *const u8, request_len: usize, buf: *mut u8, cap: usize, len: *mut usize,
        ) -> u32;
        pub fn storage_get(
            key: *const u8, key_len: usize, buf: *mut u8, cap: usize, len: *mut usize,
        ) -> u32;
        pub fn storage_put(
            key: *const u8, key_len: usize, value: *const u8, value_len: usize, flags: u32,
        ) -> u32;
        pub fn storage_delete(key: *const u8, key_len: usize, flags: u32) -> u32;
        pub fn storage_delete_all() -> u32;
        pub fn storage_sync() -> u32;
        pub fn list_open(options: *const u8, options_len: usize, handle: *mut u32) -> u32;
        pub fn list_next(handle: u32, buf: *mut u8, cap: usize, len: *mut usize) -> u32;
        pub fn list_close(handle: u32) -> u32;
        pub fn transaction_begin() -> u32;
        pub fn transaction_commit() -> u32;
        pub fn transaction_rollback() -> u32;
        pub fn alarm_set(time_ms: i64, flags: u32) -> u32;
        pub fn alarm_get(time_ms: *mut i64) -> u32;
        pub fn alarm_delete(flags: u32) -> u32;
        pub fn critical_begin() -> u32;
        pub fn critical_end() -> u32;
        pub fn background_request() -> u32; // and export background_run
        pub fn object_abort(reason: *const u8, reason_len: usize) -> !;
        /// Returns only to refuse. Flag 1: the alarm that runs is not tried again.
        pub fn object_reset(reason: *const u8, reason_len: usize, flags: u32) -> u32;
    }

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    extern "C" {
        pub fn random_get(buf: *mut u8, len: usize) -> u32;
    }
}

// Statuses, see abi/status.go.
const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const TOO_SMALL: u32 = 2;
const ERROR: u32 = 7;

// ---- Errors ----

/// Bits of [`Error::flags`].
pub const ERROR_REMOTE: u8 = 1;
pub const ERROR_RETRYABLE: u8 = 2;
pub const ERROR_OVERLOADED: u8 = 4;
pub const ERROR_RESET: u8 = 8;

/// A failure that crosses a stub.
///
/// ```text
/// | 01 | flags (1B) | name | message |
/// ```
#[derive(Clone, Debug)]
pub struct Error {
    pub flags: u8,
    pub name: String, // such as TypeError; empty is Error
    pub message: String,
}

pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    pub fn new(name: &str, message: impl Into<String>) -> Error {
        Error { flags: 0, name: name.into(), message: message.into() }
    }

    /// For a class that has no such method.
    pub fn no_method(method: &str) -> Error {
        let message = ["The RPC receiver does not implement the method \"", method, "\"."].concat();
        Error::new("TypeError", message)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut b = vec![1, self.flags];
        add_field(&mut b, self.name.as_bytes());
        add_field(&mut b, self.message.as_bytes());
        b
    }

    pub fn decode(b: &[u8]) -> Option<Error> {
        let mut r = Reader::message(b)?;
        let flags = r.byte()?;
        let (name, message) = (r.text()?, r.text()?);
        r.end()?;
        Some(Error { flags, name, message })
    }

    /// What an import's answer means, right after it was given.
    fn of(status: u32) -> Error {
        if status == ERROR {
            if let Some(e) = Error::decode(&last_result()) {
                return e;
            }
        }
        let digit = [b'0' + (status % 10) as u8];
        let digit = core::str::from_utf8(&digit).unwrap_or("?");
        Error::new("", ["cairn: the host answered with status ", digit].concat())
    }
}

fn check(status: u32) -> Result<()> {
    if status == OK { Ok(()) } else { Err(Error::of(status)) }
}

// ---- Messages ----

fn add_field(b: &mut Vec<u8>, v: &[u8]) {
    b.extend_from_slice(&(v.len() as u32).to_le_bytes());
    b.extend_from_slice(v);
}

/// Takes fields off the front of a message; None where it ends too early.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn message(b: &'a [u8]) -> Option<Reader<'a>> {
        match b.split_first() {
            Some((1, rest)) => Some(Reader(rest)), // the encoding's version
            _ => None,
        }
    }
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        if n > self.0.len() {
            return None;
        }
        let (v, rest) = self.0.split_at(n);
        self.0 = rest;
        Some(v)
    }
    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }
    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
    fn field(&mut self) -> Option<&'a [u8]> {
        let n = self.u32()?;
        self.take(n as usize)
    }
    fn text(&mut self) -> Option<String> {
        Some(String::from_utf8_lossy(self.field()?).into_owned())
    }
    fn end(&self) -> Option<()> {
        if self.0.is_empty() { Some(()) } else { None }
    }
}

/// Names and values of HTTP. A name stands once for each of its values.
pub type Header = Vec<(String, String)>;

fn encode_header(header: &Header) -> Vec<u8> {
    let mut b = Vec::new();
    for (name, value) in header {
        add_field(&mut b, name.as_bytes());
        add_field(&mut b, value.as_bytes());
    }
    b
}

fn decode_header(b: &[u8]) -> Option<Header> {
    let (mut r, mut header) = (Reader(b), Header::new());
    while !r.0.is_empty() {
        header.push((r.text()?, r.text()?));
    }
    Some(header)
}

/// An HTTP request.
///
/// ```text
/// | 01 | method | url | header | body |
/// ```
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub url: String, // absolute
    pub header: Header,
    pub body: Vec<u8>,
}

impl Request {
    pub fn encode(&self) -> Vec<u8> {
        let mut b = vec![1];
        add_field(&mut b, self.method.as_bytes());
        add_field(&mut b, self.url.as_bytes());
        add_field(&mut b, &encode_header(&self.header));
        add_field(&mut b, &self.body);
        b
    }

    pub fn decode(b: &[u8]) -> Option<Request> {
        let mut r = Reader::message(b)?;
        let (method, url) = (r.text()?, r.text()?);
        let header = decode_header(r.field()?)?;
        let body = r.field()?.to_vec();
        r.end()?;
        Some(Request { method, url, header, body })
    }

    /// The URL's path as it stands there; / if there is none.
    pub fn path(&self) -> &str {
        let url = self.url.split('?').next().unwrap_or("");
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.find('/').map_or("/", |i| &rest[i..])
    }

    /// The first value of a key in the URL's query, decoded.
    pub fn query(&self, key: &str) -> Option<String> {
        let (_, query) = self.url.split_once('?')?;
        query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if unescape(name) == key { Some(unescape(value)) } else { None }
        })
    }
}

/// Decodes %20 and +. What only looks like an escape stays as it is, as in
/// URLSearchParams; so do bytes that are not UTF-8 become U+FFFD.
pub fn unescape(s: &str) -> String {
    let digit = |i: usize| s.as_bytes().get(i).and_then(|c| (*c as char).to_digit(16));
    let (mut out, mut i) = (Vec::with_capacity(s.len()), 0);
    while let Some(&c) = s.as_bytes().get(i) {
        i += 1;
        match (c, digit(i), digit(i + 1)) {
            (b'+', _, _) => out.push(b' '),
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                i += 2;
            }
            _ => out.push(c),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// An HTTP response.
///
/// ```text
/// | 01 | status (4B) | header | body |
/// ```
#[derive(Clone, Debug, Default)]
pub struct Response {
    pub status: u32,
    pub header: Header,
    pub body: Vec<u8>,
}

impl Response {
    pub fn text(status: u32, body: impl Into<Vec<u8>>) -> Response {
        let header = vec![("Content-Type".into(), "text/plain;charset=UTF-8".into())];
        Response { status, header, body: body.into() }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut b = vec![1];
        b.extend_from_slice(&self.status.to_le_bytes());
        add_field(&mut b, &encode_header(&self.header));
        add_field(&mut b, &self.body);
        b
    }

    pub fn decode(b: &[u8]) -> Option<Response> {
        let mut r = Reader::message(b)?;
        let status = r.u32()?;
        let header = decode_header(r.field()?)?;
        let body = r.field()?.to_vec();
        r.end()?;
        Some(Response { status, header, body })
    }
}

// ---- Classes and the Worker ----

/// Which object an instance is.
///
/// ```text
/// | 01 | id (32B) | named (1B) | class | name |
/// ```
#[derive(Clone, Debug)]
pub struct Identity {
    pub id: [u8; 32],
    pub class: String,
    pub name: Option<String>, // None: reached by an ID without a name
}

impl Identity {
    pub fn decode(b: &[u8]) -> Option<Identity> {
        let mut r = Reader::message(b)?;
        let id = r.take(32)?.try_into().ok()?;
        let named = r.byte()? == 1;
        let (class, name) = (r.text()?, r.text()?);
        r.end()?;
        Some(Identity { id, class, name: if named { Some(name) } else { None } })
    }
}

/// An alarm that went off.
///
/// ```text
/// | 01 | scheduled (8B, ms) | retry count (4B) |
/// ```
#[derive(Clone, Debug)]
pub struct Alarm {
    pub scheduled_ms: i64,
    pub retry_count: u32, // 0 on the first run
}

impl Alarm {
    pub fn decode(b: &[u8]) -> Option<Alarm> {
        let mut r = Reader::message(b)?;
        let scheduled_ms = i64::from_le_bytes(r.take(8)?.try_into().ok()?);
        let retry_count = r.u32()?;
        r.end()?;
        Some(Alarm { scheduled_ms, retry_count })
    }
}

/// A durable object's code. A call is a method's name, `args` a JSON array, and
/// what it returns is JSON.
pub trait Object {
    fn call(&self, method: &str, args: &str) -> Result<String>;
    /// Only of classes with [`HAS_FETCH`].
    fn fetch(&self, _: &Request) -> Result<Response> {
        Err(Error::new("TypeError", "Handler does not export a fetch() function."))
    }
    /// Only of classes with [`HAS_ALARM`].
    fn alarm(&self, _: &Alarm) -> Result<()> {
        Ok(())
    }
}

/// Flags of a class.
pub const HAS_FETCH: u32 = 1;
pub const HAS_ALARM: u32 = 2;

pub type Worker = fn(&Request) -> Result<Response>;
/// What makes an object when it comes to memory.
pub type Constructor = fn(Identity) -> Result<Box<dyn Object>>;

/// What this instance is. A wasm instance is one thread.
struct Instance {
    worker: Cell<Option<Worker>>,
    classes: RefCell<Vec<(String, Constructor)>>,
    object: Cell<Option<&'static dyn Object>>, // until the instance ends
}
unsafe impl Sync for Instance {}

static INSTANCE: Instance = Instance {
    worker: Cell::new(None),
    classes: RefCell::new(Vec::new()),
    object: Cell::new(None),
};

/// Only in `_initialize`.
pub fn register_worker(worker: Worker) {
    log_panics();
    assert_eq!(unsafe { raw::worker_register() }, OK, "worker_register");
    INSTANCE.worker.set(Some(worker));
}

/// Only in `_initialize`.
pub fn register_class(name: &str, flags: u32, new: Constructor) {
    log_panics();
    let status = unsafe { raw::class_register(name.as_ptr(), name.len(), flags) };
    assert_eq!(status, OK, "class_register");
    INSTANCE.classes.borrow_mut().push((name.into(), new));
}

fn log_panics() {
    std::panic::set_hook(Box::new(|info| log(LEVEL_ERROR, &info.to_string())));
}

fn input(n: usize) -> Vec<u8> {
    let mut b = vec![0; n];
    assert_eq!(unsafe { raw::input_read(b.as_mut_ptr(), n) }, OK, "input_read");
    b
}

/// Hands over what a handler returned.
fn output(result: Result<Vec<u8>>) -> u32 {
    let (status, b) = match result {
        Ok(b) => (OK, b),
        Err(e) => (ERROR, e.encode()),
    };
    match unsafe { raw::output_write(b.as_ptr(), b.len()) } {
        OK => status,
        refused => output(Err(Error::of(refused))), // it is too large, and an error is small
    }
}

fn object() -> &'static dyn Object {
    INSTANCE.object.get().expect("object_init comes first")
}

#[no_mangle]
extern "C" fn abi_version() -> u32 {
    1
}

#[no_mangle]
extern "C" fn worker_fetch(n: usize) -> u32 {
    let request = Request::decode(&input(n)).expect("a request");
    let worker = INSTANCE.worker.get().expect("a Worker");
    output(worker(&request).map(|r| r.encode()))
}

#[no_mangle]
extern "C" fn object_init(n: usize) -> u32 {
    let identity = Identity::decode(&input(n)).expect("an object");
    let classes = INSTANCE.classes.take(); // no call comes before this one ends
    let new = classes.iter().find(|(name, _)| *name == identity.class).expect("a class").1;
    output(new(identity).map(|object| {
        INSTANCE.object.set(Some(Box::leak(object)));
        Vec::new()
    }))
}

#[no_mangle]
extern "C" fn object_call(n: usize) -> u32 {
    let b = input(n);
    let mut r = Reader::message(&b).expect("a call"); // | 01 | method | args |
    let (method, args) = (r.text().expect("a method"), r.text().expect("arguments"));
    output(object().call(&method, &args).map(String::into_bytes))
}

#[no_mangle]
extern "C" fn object_fetch(n: usize) -> u32 {
    let request = Request::decode(&input(n)).expect("a request");
    output(object().fetch(&request).map(|r| r.encode()))
}

#[no_mangle]
extern "C" fn object_alarm(n: usize) -> u32 {
    let alarm = Alarm::decode(&input(n)).expect("an alarm");
    output(object().alarm(&alarm).map(|()| Vec::new()))
}

// ---- What a guest can ask for ----

fn last_result() -> Vec<u8> {
    let mut n = 0;
    unsafe { raw::result_read(core::ptr::null_mut(), 0, &mut n) };
    let mut b = vec![0; n];
    let status = unsafe { raw::result_read(b.as_mut_ptr(), n, &mut n) };
    assert_eq!(status, OK, "result_read");
    b
}

/// Calls an import that gives a value. Most values fit the first buffer; larger
/// ones take a second import.
fn value(import: impl FnOnce(*mut u8, usize, *mut usize) -> u32) -> Result<Option<Vec<u8>>> {
    let (mut b, mut n) = (vec![0; 256], 0);
    match import(b.as_mut_ptr(), b.len(), &mut n) {
        OK => {
            b.truncate(n);
            Ok(Some(b))
        }
        TOO_SMALL => Ok(Some(last_result())),
        NOT_FOUND => Ok(None),
        status => Err(Error::of(status)),
    }
}

/// A variable of the config's vars, as JSON.
pub fn env(name: &str) -> Option<String> {
    let get = |b, cap, n| unsafe { raw::env_get(name.as_ptr(), name.len(), b, cap, n) };
    Some(String::from_utf8_lossy(&value(get).ok()??).into_owned())
}

pub const LEVEL_DEBUG: i32 = -4;
pub const LEVEL_INFO: i32 = 0;
pub const LEVEL_WARN: i32 = 4;
pub const LEVEL_ERROR: i32 = 8;

/// Writes a line to the host's log; what is too much is dropped.
pub fn log(level: i32, text: &str) {
    unsafe { raw::log_write(level, text.as_ptr(), text.len(), core::ptr::null(), 0) };
}

/// Random bytes. What is asked for in `_initialize` is the same in every
/// instance: ask later.
pub fn random(buf: &mut [u8]) {
    assert_eq!(unsafe { raw::random_get(buf.as_mut_ptr(), buf.len()) }, 0, "random_get");
}

/// What a caller holds of another object. It finds the object anew in each call:
/// after an [`Error`] with the flag reset the object has forgotten its callers, and
/// the next call begins afresh. Who relies on its memory must stop there.
#[derive(Clone, Debug)]
pub struct Stub {
    binding: String,
    kind: u32,
    target: Vec<u8>,
}

impl Stub {
    /// The object of a name in a binding's namespace.
    pub fn by_name(binding: &str, name: &str) -> Stub {
        Stub { binding: binding.into(), kind: 0, target: name.into() }
    }

    pub fn by_id(binding: &str, id: &[u8; 32]) -> Stub {
        Stub { binding: binding.into(), kind: 1, target: id.to_vec() }
    }

    fn no_binding(&self) -> Error {
        Error::new("TypeError", ["cairn: there is no binding ", &self.binding].concat())
    }

    /// Calls a method and waits. `args` is a JSON array, the result is JSON.
    pub fn call(&self, method: &str, args: &str) -> Result<String> {
        let (binding, target) = (&self.binding, &self.target);
        let result = value(|b, cap, n| unsafe {
            raw::stub_call(
                binding.as_ptr(), binding.len(), self.kind, target.as_ptr(), target.len(),
                method.as_ptr(), method.len(), args.as_ptr(), args.len(), b, cap, n,
            )
        })?;
        let result = result.ok_or_else(|| self.no_binding())?;
        Ok(String::from_utf8_lossy(&result).into_owned())
    }

    /// Sends a request to the object's fetch handler and waits.
    pub fn fetch(&self, request: &Request) -> Result<Response> {
        let (binding, target, message) = (&self.binding, &self.target, request.encode());
        let result = value(|b, cap, n| unsafe {
            raw::stub_fetch(
                binding.as_ptr(), binding.len(), self.kind, target.as_ptr(), target.len(),
                message.as_ptr(), message.len(), b, cap, n,
            )
        })?;
        let result = result.ok_or_else(|| self.no_binding())?;
        Response::decode(&result)
            .ok_or_else(|| Error::new("", "cairn: the response does not decode"))
    }
}

/// An object's own storage. In a Worker all of it fails.
pub mod storage {
    use super::*;

    pub fn get(key: &str) -> Result<Option<Vec<u8>>> {
        value(|b, cap, n| unsafe { raw::storage_get(key.as_ptr(), key.len(), b, cap, n) })
    }

    pub fn put(key: &str, value: &[u8]) -> Result<()> {
        check(unsafe {
            raw::storage_put(key.as_ptr(), key.len(), value.as_ptr(), value.len(), 0)
        })
    }

    /// Says whether there was such a key.
    pub fn delete(key: &str) -> Result<bool> {
        match unsafe { raw::storage_delete(key.as_ptr(), key.len(), 0) } {
            NOT_FOUND => Ok(false),
            status => check(status).map(|()| true),
        }
    }

    /// Deletes every key and the alarm.
    pub fn delete_all() -> Result<()> {
        check(unsafe { raw::storage_delete_all() })
    }

    /// Waits until everything written before is durable.
    pub fn sync() -> Result<()> {
        check(unsafe { raw::storage_sync() })
    }

    /// Which keys to list.
    ///
    /// ```text
    /// | 01 | flags (1B) | limit (4B) | start | start_after | end | prefix |
    /// ```
    #[derive(Clone, Debug, Default)]
    pub struct List {
        pub reverse: bool,
        pub limit: Option<u32>,
        pub start: Option<Vec<u8>>,       // from here on, inclusive
        pub start_after: Option<Vec<u8>>, // from after here on
        pub end: Option<Vec<u8>>,         // up to here, exclusive
        pub prefix: Vec<u8>,
    }

    impl List {
        pub fn encode(&self) -> Vec<u8> {
            let flags = self.reverse as u8
                | (self.start.is_some() as u8) << 1
                | (self.start_after.is_some() as u8) << 2
                | (self.end.is_some() as u8) << 3
                | (self.limit.is_some() as u8) << 4;
            let mut b = vec![1, flags];
            b.extend_from_slice(&self.limit.unwrap_or(0).to_le_bytes());
            for bound in [&self.start, &self.start_after, &self.end] {
                add_field(&mut b, bound.as_deref().unwrap_or(&[]));
            }
            add_field(&mut b, &self.prefix);
            b
        }
    }

    /// Keys and values, all at once.
    pub fn list(options: &List) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let (message, mut handle) = (options.encode(), 0);
        check(unsafe { raw::list_open(message.as_ptr(), message.len(), &mut handle) })?;
        let (mut all, mut b, mut n) = (Vec::new(), vec![0; 4096], 0);
        let end = loop {
            match unsafe { raw::list_next(handle, b.as_mut_ptr(), b.len(), &mut n) } {
                OK => {
                    let mut r = Reader(&b[..n]);
                    while let (Some(key), Some(value)) = (r.field(), r.field()) {
                        all.push((key.to_vec(), value.to_vec()));
                    }
                }
                TOO_SMALL => b.resize(n, 0), // for the next entry, which comes again
                NOT_FOUND => break Ok(all),
                status => break Err(Error::of(status)),
            }
        };
        unsafe { raw::list_close(handle) };
        end
    }

    /// Takes back what `f` wrote if it fails. Calls of stubs fail inside.
    pub fn transaction<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
        check(unsafe { raw::transaction_begin() })?;
        let result = f();
        check(match result {
            Ok(_) => unsafe { raw::transaction_commit() },
            Err(_) => unsafe { raw::transaction_rollback() },
        })?;
        result
    }

    /// Sets the object's one alarm, in milliseconds since 1970.
    pub fn set_alarm(time_ms: i64) -> Result<()> {
        check(unsafe { raw::alarm_set(time_ms, 0) })
    }

    pub fn get_alarm() -> Result<Option<i64>> {
        let mut time_ms = 0;
        match unsafe { raw::alarm_get(&mut time_ms) } {
            NOT_FOUND => Ok(None),
            status => check(status).map(|()| Some(time_ms)),
        }
    }

    pub fn delete_alarm() -> Result<()> {
        check(unsafe { raw::alarm_delete(0) })
    }
}

// ---- JSON, as far as arguments need it ----

/// The elements of a JSON array, unchecked: whoever parses one checks it. For
/// more, bring serde_json.
pub fn json_elements(array: &str) -> Vec<&str> {
    let array = array.trim();
    let inside = array.strip_prefix('[').and_then(|s| s.strip_suffix(']')).unwrap_or("").trim();
    if inside.is_empty() {
        return Vec::new();
    }
    let (mut all, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0, false, false);
    for (i, c) in inside.bytes().enumerate() {
        match c {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                all.push(inside[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    all.push(inside[start..].trim());
    all
}

/// A JSON integer; None for what is none, or does not fit.
pub fn json_int(s: &str) -> Option<i64> {
    let digits = s.strip_prefix('-').unwrap_or(s);
    if digits.starts_with('+') || digits.len() > 1 && digits.starts_with('0') {
        return None; // which parse would take
    }
    s.parse().ok()
}
