//! counter: Durable Objects' "Build a counter" in Rust. A Worker counts up, down
//! and shows; an object for each name does the counting.

#[path = "../../guest/rust/cairn.rs"]
mod cairn; // in a project of your own, a copy beside this file

use cairn::{storage, Error, Identity, Object, Request, Response, Result, Stub};

#[no_mangle]
pub extern "C" fn _initialize() {
    cairn::register_worker(fetch);
    cairn::register_class("Counter", 0, Counter::new);
}

/// The Worker.
fn fetch(req: &Request) -> Result<Response> {
    let name = req.query("name").unwrap_or_default();
    if name.is_empty() {
        return Ok(Response::text(
            200,
            "Select a Durable Object to contact by using the `name` URL query string \
             parameter, for example, ?name=A",
        ));
    }

    // A stub is how we talk to the object of that name, wherever it is.
    let stub = Stub::by_name("COUNTERS", &name);

    // Call a method of the object and wait for what it returns.
    let count = match req.path() {
        "/increment" => stub.call("increment", "[]")?,
        "/decrement" => stub.call("decrement", "[]")?,
        "/" => stub.call("getCounterValue", "[]")?, // the value as it is
        _ => return Ok(Response::text(404, "Not found")),
    };
    Ok(Response::text(200, format!("Durable Object '{}' count: {}", name, count)))
}

/// The durable object.
struct Counter;

impl Counter {
    fn new(_: Identity) -> Result<Box<dyn Object>> {
        Ok(Box::new(Counter))
    }

    /// The count, 0 at first.
    fn value(&self) -> Result<i64> {
        match storage::get("value")? {
            None => Ok(0),
            Some(b) => core::str::from_utf8(&b)
                .ok()
                .and_then(cairn::json_int)
                .ok_or_else(|| Error::new("", "counter: the stored value is not an integer")),
        }
    }

    fn add(&self, amount: i64) -> Result<i64> {
        let value = self.value()?.wrapping_add(amount);

        // Nobody else changed the value since it was read: no other call of this
        // object runs until this one is over. Reading, adding and writing is safe.
        storage::put("value", value.to_string().as_bytes())?;
        Ok(value)
    }
}

impl Object for Counter {
    fn call(&self, method: &str, args: &str) -> Result<String> {
        let amount = || match cairn::json_elements(args).first() {
            None => Ok(1),
            Some(arg) => cairn::json_int(arg).ok_or_else(|| {
                let message = "\": parameter 1 is not of type 'int64'.";
                Error::new("TypeError", ["Failed to call \"", method, message].concat())
            }),
        };
        let count = match method {
            "getCounterValue" => self.value()?,
            "increment" => self.add(amount()?)?,
            "decrement" => self.add(amount()?.wrapping_neg())?,
            _ => return Err(Error::no_method(method)),
        };
        Ok(count.to_string())
    }
}
