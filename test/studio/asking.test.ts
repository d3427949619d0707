import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { stubBrowser } from "./browser-globals.ts";

type Client = typeof import("../../studio/src/api/client.ts");
let client: Client;
let server: Server;

const problem = (status: number, code: string) => ({
  status,
  body: JSON.stringify({ status, code, detail: `because of ${code}` }),
});
/** What the server says at each path. */
const answers: Readonly<Record<string, { status: number; body: string; isCut?: boolean }>> = {
  "/v1/good": { status: 200, body: '{"items":[]}' },
  "/v1/no-key": problem(401, "KEY_REQUIRED"),
  "/v1/bad-key": problem(401, "KEY_INVALID"),
  "/v1/forbidden": problem(403, "SCOPE_MISSING"),
  "/v1/waiting": problem(503, "NOT_READY"),
  "/v1/missing": problem(404, "ITEM_UNKNOWN"),
  "/v1/wrong": problem(400, "PARAMETER_INVALID"),
  "/v1/busy": problem(429, "RATE_LIMITED"),
  "/v1/broken": { status: 502, body: "<html>a proxy</html>" },
  "/v1/cut": { status: 200, body: '{"items":[{"ti', isCut: true },
  "/v1/half": { status: 200, body: '{"items":[{"ti' },
};
const headersSeen: Record<string, string | undefined> = {};

beforeAll(async () => {
  server = createServer((request, response) => {
    const { status, body, isCut } = answers[request.url ?? ""] ?? { status: 404, body: "" };
    headersSeen[request.url ?? ""] = request.headers.authorization;
    response.writeHead(status, isCut ? { "content-length": "1000" } : {});
    if (isCut) response.write(body, () => response.destroy());
    else response.end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  stubBrowser();
  vi.stubGlobal("document", { baseURI: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  client = await import("../../studio/src/api/client.ts");
});
afterAll(() => void server.close());
beforeEach(() => client.refused.set(undefined));

const kindOf = (path: string) =>
  client.ask(path).then(
    () => "good",
    (error: { kind?: string }) => error.kind,
  );

describe("what the Studio asks", () => {
  it.each([
    ["good", "good"],
    ["no-key", "key-needed"],
    ["bad-key", "key-refused"],
    ["forbidden", "forbidden"],
    ["waiting", "not-ready"],
    ["missing", "not-found"],
    ["wrong", "invalid"],
    ["busy", "busy"],
    ["broken", "other"],
    ["cut", "cut-off"],
    ["half", "cut-off"],
  ])("ends as it should: %s is %s", async (path, kind) => {
    expect(await kindOf(`v1/${path}`)).toBe(kind);
  });

  it("tells a server that is not there from everything else", async () => {
    vi.stubGlobal("document", { baseURI: "http://127.0.0.1:9/" });
    expect(await kindOf("v1/good")).toBe("unreachable");
    vi.stubGlobal("document", { baseURI: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  });

  it("asks to sign in where who asks is not known, and only there", async () => {
    await kindOf("v1/forbidden");
    expect(client.refused.value).toBeUndefined();
    await kindOf("v1/bad-key");
    expect(client.refused.value?.kind).toBe("key-refused");
  });

  it("sends the key in the header, and nowhere where there is none", async () => {
    await kindOf("v1/good");
    expect(headersSeen["/v1/good"]).toBeUndefined();
    client.key.set("secret");
    await kindOf("v1/good");
    expect(headersSeen["/v1/good"]).toBe("Bearer secret");
    client.key.set("");
  });
});
