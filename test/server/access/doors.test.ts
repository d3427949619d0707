import { METHODS } from "node:http";
import { fastify } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watchDoors } from "../../../src/server/access/doors.ts";
import { read } from "../../docs/blocks.ts";
import { livingParts } from "../../events/living-parts.ts";
import { problem } from "../checked-app.ts";
import { type ClosedApp, closedApp, tokenOf } from "./closed-app.ts";

/** The committed table: what each kind of asker gets at each door. */
const page = read("docs/security.md");
const [header = [], , ...rows] = (page.split("begin: doors ")[1]?.split("end: doors")[0] ?? "")
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
/** Where the user stands in the query and not in the path. */
const queries: Readonly<Record<string, string>> = {
  "/v1/home": "?user_id={user_id}",
  "/v1/stream": "?user_id={user_id}",
};
const doors = rows.map(([door = "", ...cells]) => {
  const [method = "", route = ""] = door.split(" ");
  const path = route + (queries[route] ?? "");
  const may = Object.fromEntries(cells.map((cell, at) => [header[at + 1] ?? "", cell]));
  return { door, method, path, may };
});
const urlOf = (path: string, userId: string) =>
  path
    .replace("{user_id}", userId)
    .replaceAll("{session_id}", "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10")
    .replaceAll(/\{\w+\}/g, "1");

let server: ClosedApp;
let tokens: { own: string; other: string };
beforeAll(async () => {
  server = await closedApp({}, { living: (await livingParts()).living });
  tokens = { own: await tokenOf("1"), other: await tokenOf("somebody-else") };
});
afterAll(() => server.close());

/** What the server says of a request of this credential: let in, or the code of the refusal. */
async function verdict(request: { method: string; path: string }, credential?: string, userId = "1") {
  const url = urlOf(request.path, userId);
  const answer = await server.ask({ method: request.method as "GET", url }, credential);
  if (answer.statusCode !== 401 && answer.statusCode !== 403) return "in";
  return (answer.json() as { code: string }).code;
}

describe("the census of doors", () => {
  it("finds a scope with every route, and every route in the committed table", async () => {
    const running = server.app.doors
      .filter(({ method, route }) => method !== "HEAD" && !route.startsWith("/docs/"))
      .map(({ method, route }) => `${method} ${route.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(doors.map(({ door }) => door).sort()).toEqual(running.sort());
    const registered = server.routes.filter((route) => !/ \/docs/.test(route)).sort();
    const known = server.app.doors
      .filter(({ route }) => !route.startsWith("/docs"))
      .map(({ method, route }) => `${method} ${route}`);
    expect(known.sort()).toEqual(registered);
  });

  it("fails the registration of a route that names no scope, in whatever part it is", async () => {
    const app = fastify();
    watchDoors(app);
    expect(() => app.get("/open", () => "")).toThrow("GET /open: expected config: { scope: … }");
    app.register(async (part) => void part.post("/v1/forgotten", () => ""));
    await expect(app.ready()).rejects.toThrow("POST /v1/forgotten");
    const more = fastify();
    watchDoors(more);
    more.get("/good", { config: { scope: "read" } }, () => "");
    await more.ready();
  });

  it("has three open doors, which tell nothing: two of them are the Studio, which has to ask like anybody else", async () => {
    const open = server.app.doors.filter(({ scope }) => scope === "open").map(({ route }) => route);
    expect([...new Set(open)].sort()).toEqual(["/", "/assets/*", "/health/live"]);
    expect((await server.ask("/health/live")).json()).toEqual({ status: "live" });
  });

  it("has the routes of the API page behind a key too", async () => {
    const pages = [...new Set(server.app.doors.map(({ route }) => route))].filter((route) =>
      route.startsWith("/docs"),
    );
    expect(pages.length).toBeGreaterThan(2);
    for (const url of pages) problem(await server.ask(url.replace("*", "index.css")), 401, "KEY_REQUIRED");
  });
});

/** What an open door answers without a key; there is no file of the name `*`. */
const openDoors: Readonly<Record<string, number>> = { "/": 200, "/assets/*": 404, "/health/live": 200 };

describe("the table of doors", () => {
  it.each(doors)("$door opens to whom the table says", async (door) => {
    const { keys } = server;
    const got = {
      "no key": await verdict(door),
      read: await verdict(door, keys.read),
      events: await verdict(door, keys.events),
      admin: await verdict(door, keys.admin),
      own: await verdict(door, tokens.own),
      other: await verdict(door, tokens.other),
      unknown: await verdict(door, tokens.other, "never-seen"),
    };
    const may = door.may["user token"] ?? "";
    const ofOther = may.startsWith("own") && door.path.includes("{user_id}") ? "USER_FORBIDDEN" : "in";
    expect(got).toEqual({
      "no key": door.may["no key"] ? "in" : "KEY_REQUIRED",
      read: door.may["read"] ? "in" : "SCOPE_MISSING",
      events: door.may["events"] ? "in" : "SCOPE_MISSING",
      admin: "in",
      own: may ? "in" : "SCOPE_MISSING",
      other: may ? ofOther : "SCOPE_MISSING",
      unknown: may ? ofOther : "SCOPE_MISSING",
    });
  });

  it("opens no door by another method", async () => {
    for (const { path } of doors) {
      for (const method of METHODS.filter((name) => name !== "CONNECT" && name !== "OPTIONS")) {
        const { statusCode } = await server.ask({ method: method as "GET", url: urlOf(path, "1") });
        const opened = method === "GET" || method === "HEAD" ? openDoors[path] : undefined;
        expect([method, path, statusCode]).toEqual([
          method,
          path,
          opened ?? expect.toSatisfy((code) => code === 401 || code === 405),
        ]);
      }
    }
  });
});

describe("a user's token", () => {
  it("gets the same refusal for a user who exists and one who does not", async () => {
    const bodyOf = async (userId: string) => {
      const answer = await server.ask(`/v1/users/${userId}/recommendations`, tokens.other);
      const { request_id: _, ...body } = answer.json();
      return { body, status: answer.statusCode, headers: Object.keys(answer.headers).sort() };
    };
    const [known, unknown] = [await bodyOf("1"), await bodyOf("nobody-knows")];
    expect(known).toEqual(unknown);
    expect(known.status).toBe(403);
  });

  const event = (more: object) => ({
    event_type: "like",
    event_id: crypto.randomUUID(),
    event_ts: new Date().toISOString(),
    item_id: "5",
    ...more,
  });
  const send = (payload: object) => server.ask({ method: "POST", url: "/v1/events", payload }, tokens.own);

  it("sends the events of its user", async () => {
    const answer = await send([event({ user_id: "1" }), event({ user_id: "1" })]);
    expect(answer.json().results.map(({ status }: { status: string }) => status)).toEqual([
      "accepted",
      "accepted",
    ]);
  });
  it.each([
    ["of another", { user_id: "2" }],
    ["of a session", { session_id: "0190b8a2-7a5c-7c3e-9f11-2f6f3f0d9a10" }],
    ["of nobody", {}],
    ["of a list of users", { user_id: ["1"] }],
  ])("cannot send an event %s, and then nothing is taken", async (_, owner) => {
    const own = event({ user_id: "1" });
    problem(await send([own, event(owner)]), 403, "USER_FORBIDDEN");
    expect((await send([own])).json().results[0].status).toBe("accepted"); // it was not taken before
  });
  it("cannot name its user twice to get another's answer", async () => {
    problem(await server.ask("/v1/users/2/recommendations?user_id=1", tokens.own), 403, "USER_FORBIDDEN");
    problem(await server.ask("/v1/users/%31x/recommendations", tokens.own), 403, "USER_FORBIDDEN");
    expect((await server.ask("/v1/users/%31/recommendations", tokens.own)).statusCode).toBe(200);
  });
  it("cannot read lists of many users", async () => {
    const payload = { user_ids: ["1", "2"] };
    problem(
      await server.ask({ method: "POST", url: "/v1/recommendations/batch", payload }, tokens.own),
      403,
      "SCOPE_MISSING",
    );
    problem(await server.ask("/rec/v3/1,2", tokens.own), 403, "SCOPE_MISSING");
  });
});
