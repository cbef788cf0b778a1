// counter: Durable Objects' "Build a counter" in AssemblyScript. A Worker counts
// up, down and shows; an object for each name does the counting.
import {
  DurableObject, Failure, Identity, Request, Response, Result, Stub,
  isJsonInt, jsonElements, registerClass, registerWorker, storage,
} from "../../guest/assemblyscript/cairn"; // in a project of your own, a copy: "./cairn"

// What the host calls.
export {
  abi_version, worker_fetch, object_init, object_call,
} from "../../guest/assemblyscript/cairn";

registerWorker(fetch);
registerClass("Counter", 0, (self: Identity): DurableObject => new Counter());

/** The Worker. */
function fetch(req: Request): Response {
  const name = req.query("name");
  if (!name) {
    return Response.text(200, "Select a Durable Object to contact by using" +
      " the `name` URL query string parameter, for example, ?name=A");
  }

  // A stub is how we talk to the object of that name, wherever it is.
  const stub = Stub.byName("COUNTERS", name);

  // Call a method of the object and wait for what it returns.
  const path = req.path();
  let count: Result;
  if (path == "/increment") {
    count = stub.call("increment");
  } else if (path == "/decrement") {
    count = stub.call("decrement");
  } else if (path == "/") {
    count = stub.call("getCounterValue"); // the value as it is
  } else {
    return Response.text(404, "Not found");
  }
  const failure = count.failure;
  if (failure) return Response.failed(failure);

  return Response.text(200, "Durable Object '" + name + "' count: " + count.json);
}

/** The durable object. */
class Counter extends DurableObject {
  call(method: string, args: string): Result {
    const stored = storage.getText("value");
    if (stored !== null && !isJsonInt(stored)) {
      return Result.failed(new Failure("", "counter: the stored value is not an integer"));
    }
    const value: i64 = stored !== null ? I64.parseInt(stored) : 0;
    if (method == "getCounterValue") return new Result(value.toString());

    const up = method == "increment";
    if (!up && method != "decrement") return Result.failed(Failure.noMethod(method));

    let amount: i64 = 1;
    const elements = jsonElements(args);
    if (elements.length > 0) {
      if (!isJsonInt(elements[0])) {
        return Result.failed(new Failure("TypeError",
          'Failed to call "' + method + "\": parameter 1 is not of type 'int64'."));
      }
      amount = I64.parseInt(elements[0]);
    }

    // Nobody else changed the value since it was read: no other call of this
    // object runs until this one is over. Reading, adding and writing is safe.
    const json = (up ? value + amount : value - amount).toString();
    storage.putText("value", json);
    return new Result(json);
  }
}
