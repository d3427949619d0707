import { mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSurfaces } from "../../../src/recommend/surface-store.ts";
import { type Audited, firstBroken, openAuditLog } from "../../../src/server/access/audit-log.ts";
import { closedApp } from "./closed-app.ts";

const newFolder = async () => join(await mkdtemp(join(tmpdir(), "usher-audit-")), "access");
const action = (target: string): Audited => ({
  ...{ who: "key 1 test", address: "127.0.0.1", action: "DELETE /v1/keys/:id", target: { id: target } },
  ...{ status: 200, outcome: "done", request_id: "r" },
});

describe("the audit log", () => {
  it("keeps who did what, when and how it ended, refusals too, and no secret", async () => {
    const server = await closedApp();
    const { admin, read } = server.keys;
    const made = await server.ask(
      { method: "POST", url: "/v1/keys", payload: { name: "shop", scopes: ["read"] } },
      admin,
    );
    const { id, key } = made.json();
    await server.ask({ method: "DELETE", url: `/v1/keys/${id}` }, read);
    await server.ask({ method: "DELETE", url: `/v1/keys/${id}` }); // somebody unknown: in the log of the server only
    await server.ask({ method: "DELETE", url: `/v1/keys/${id}` }, admin);
    await server.ask("/v1/keys", admin); // changes nothing
    const { items } = (await server.ask("/v1/audit", admin)).json();
    const short = items.map(({ who, action, target, status, outcome, details }: Record<string, unknown>) => ({
      who,
      action,
      target,
      status,
      outcome,
      details,
    }));
    const adminId = admin.slice(6, 14);
    expect(short).toEqual([
      {
        who: `key ${adminId} admin`,
        action: "DELETE /v1/keys/:id",
        target: { id },
        status: 200,
        outcome: "done",
        details: { name: "shop" },
      },
      {
        who: `key ${read.slice(6, 14)} read`,
        action: "DELETE /v1/keys/:id",
        target: { id },
        status: 403,
        outcome: "refused",
        details: undefined,
      },
      {
        who: `key ${adminId} admin`,
        action: "POST /v1/keys",
        target: {},
        status: 201,
        outcome: "done",
        details: { key: id, name: "shop", scopes: "read" },
      },
    ]);
    const text = await readFile(join(server.folder, "audit.jsonl"), "utf8");
    for (const secret of [key, admin, read]) expect(text).not.toContain(secret.slice(15));
    expect((await stat(join(server.folder, "audit.jsonl"))).mode & 0o777).toBe(0o600);
    const page = (await server.ask("/v1/audit?limit=2", admin)).json();
    const rest = (await server.ask(`/v1/audit?limit=2&cursor=${page.next_cursor}`, admin)).json();
    expect([...page.items, ...rest.items]).toEqual(items);
    expect(rest.next_cursor).toBeUndefined();
    await server.close();
  });

  it("has what changes surfaces, and not what only tries one", async () => {
    const surfaces = await openSurfaces(await newFolder());
    const server = await closedApp({}, { surfaces });
    const { admin } = server.keys;
    const document = { name: "mine", sources: [{ source: "top" }] };
    const send = async (method: "PUT" | "POST" | "DELETE", path: string, payload?: object) => {
      const request = { method, url: `/v1/surfaces/mine${path}`, ...(payload ? { payload } : {}) };
      expect((await server.ask(request, admin)).statusCode).toBe(200);
    };
    await send("POST", "/preview", { document, k: 1 });
    await send("PUT", "", document);
    await send("PUT", "", { ...document, title: "Mine" });
    await send("POST", "/preview", { k: 1 });
    await send("POST", "/rollback", {});
    await send("DELETE", "");
    const { items } = (await server.ask("/v1/audit", admin)).json();
    expect(items.map(({ action, target }: { action: string; target: object }) => [action, target])).toEqual(
      [
        "DELETE /v1/surfaces/:name",
        "POST /v1/surfaces/:name/rollback",
        ...Array(2).fill("PUT /v1/surfaces/:name"),
      ].map((action) => [action, { name: "mine" }]),
    );
    await server.close();
  });

  it("goes on after a restart and over many files, and forgets only whole old ones", async () => {
    const folder = await newFolder();
    for (let start = 0; start < 3; start++) {
      const log = await openAuditLog(folder, { fileBytesMax: 2000 });
      await Promise.all(Array.from({ length: 30 }, (_, at) => log.add(action(`${start}-${at}`))));
      for (let at = 0; at < 60; at++) await log.add(action(`${start}-${at + 30}`));
      await log.close();
    }
    const files = await readdir(folder);
    expect(files.length).toBeGreaterThan(5);
    expect(files.length).toBeLessThanOrEqual(21);
    expect(await firstBroken(folder)).toBeUndefined();
    const log = await openAuditLog(folder);
    const newest = await log.list({ limit: 100 });
    expect(newest.map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, at) => 270 - at));
    expect((await log.list({ limit: 2, before: 200 })).map(({ number }) => number)).toEqual([199, 198]);
    await log.close();
  });

  it("shows where a line was changed, taken out or put in", async () => {
    const folder = await newFolder();
    const log = await openAuditLog(folder);
    for (let at = 1; at <= 5; at++) await log.add(action(String(at)));
    await log.close();
    const path = join(folder, "audit.jsonl");
    const good = (await readFile(path, "utf8")).trimEnd().split("\n");
    const withLines = async (lines: string[]) => {
      await writeFile(path, `${lines.join("\n")}\n`);
      return firstBroken(folder);
    };
    expect(await withLines(good)).toBeUndefined();
    expect(
      await withLines(good.map((line, at) => (at === 2 ? line.replace('"id":"3"', '"id":"9"') : line))),
    ).toBe(3);
    expect(await withLines(good.filter((_, at) => at !== 1))).toBe(2);
    expect(await withLines([...good.slice(0, 3), good[1]!, ...good.slice(3)])).toBe(4);
    expect(await withLines(good.map((line, at) => (at === 3 ? "{" : line)))).toBe(4);
  });

  it("cuts away an end that was torn off, and numbers on", async () => {
    const folder = await newFolder();
    const log = await openAuditLog(folder);
    await log.add(action("1"));
    await log.close();
    const path = join(folder, "audit.jsonl");
    await writeFile(path, `${await readFile(path, "utf8")}{"number":2,"at":`);
    const again = await openAuditLog(folder);
    await again.add(action("2"));
    expect((await again.list({ limit: 9 })).map(({ number }) => number)).toEqual([2, 1]);
    expect(await firstBroken(folder)).toBeUndefined();
    await again.close();
  });
});
