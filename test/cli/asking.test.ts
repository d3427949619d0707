import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { askHome } from "../../src/cli/asking.ts";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A server that says where it listens; `undefined` where this machine has no such address. */
async function serverOn(host: string, port: number): Promise<number | undefined> {
  const server = createServer((_request, response) => response.end(JSON.stringify({ host })));
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRNOTAVAIL") return undefined;
    throw error;
  }
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

it.each([
  ["::1", "[::1]"],
  ["127.0.0.5", "127.0.0.5"],
])("asks the server of the home on %s, not another one on the same port", async (host, name) => {
  const port = await serverOn(host, 0);
  if (port === undefined) return console.warn(`skipped: this machine cannot listen on ${host}`);
  await serverOn("127.0.0.1", port);
  const home = await mkdtemp(join(tmpdir(), "usher-asking-"));
  const lock = { pid: process.pid, started_at: new Date().toISOString(), address: `http://${name}:${port}` };
  await writeFile(join(home, "usher.lock"), JSON.stringify(lock));
  expect(await askHome({ home, configuration: {} as never }, "/v1/models")).toEqual({ host });
});
