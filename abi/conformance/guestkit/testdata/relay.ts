// relay: an object that calls another and holds on to what it has allocated
// before, so that the kit can nest entries meanwhile.
import { DurableObject, Failure, Identity, Result, Stub, registerClass } from "../../../../guest/assemblyscript/cairn";

export { abi_version, object_init, object_call } from "../../../../guest/assemblyscript/cairn";

registerClass("Relay", 0, (self: Identity): DurableObject => new Relay());

class Relay extends DurableObject {
  call(method: string, args: string): Result {
    if (method == "echo") return new Result(args);
    if (method != "relay") return Result.failed(Failure.noMethod(method));
    const kept = '"' + "kept".toString() + '"';
    const result = Stub.byName("Relay", "other").call("echo", '["' + "hello".toString() + '"]');
    if (result.failure) return result;
    return new Result("[" + result.json + "," + kept + "]");
  }
}
