//! relay: an object that calls another and holds on to what it has allocated
//! before, so that the kit can nest entries meanwhile.

#[path = "../../../../guest/rust/cairn.rs"]
mod cairn;

use cairn::{Error, Identity, Object, Result, Stub};

#[no_mangle]
pub extern "C" fn _initialize() {
    cairn::register_class("Relay", 0, Relay::new);
}

struct Relay;

impl Relay {
    fn new(_: Identity) -> Result<Box<dyn Object>> {
        Ok(Box::new(Relay))
    }
}

impl Object for Relay {
    fn call(&self, method: &str, args: &str) -> Result<String> {
        match method {
            "echo" => Ok(args.to_string()),
            "relay" => {
                let kept = "\"kept\"".to_string();
                let json = Stub::by_name("Relay", "other").call("echo", &["[\"", "hello\"]"].concat())?;
                Ok(format!("[{},{}]", json, kept))
            }
            _ => Err(Error::no_method(method)),
        }
    }
}
