// Loaded before a server (`node --import`): on SIGUSR2 it collects garbage and prints `heap <bytes>`, what is alive after that, in the
// heap and outside it. With `?leak` in its address it keeps a KiB of each request, which a test must notice.
import http from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

if (isMainThread) {
  process.on("SIGUSR2", () => {
    collect();
    setImmediate(() => {
      collect(); // what finalizers let go
      const { heapUsed, external } = process.memoryUsage();
      console.log(`heap ${heapUsed + external}`);
    });
  });
}

if (new URL(import.meta.url).searchParams.has("leak")) {
  const kept = [];
  const { emit } = http.Server.prototype;
  http.Server.prototype.emit = function (name, ...given) {
    if (name === "request") kept.push(Buffer.alloc(1024));
    return emit.call(this, name, ...given);
  };
}
