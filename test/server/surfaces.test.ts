import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SurfaceDocument } from "../../src/contracts/surfaces.ts";
import { catalogue } from "../../src/data/catalogue.ts";
import type { UserFeatures } from "../../src/data/user-features.ts";
import type { LiveState } from "../../src/live/live-state.ts";
import { openSurfaces, type SurfaceStore } from "../../src/recommend/surface-store.ts";
import { servingOf } from "../../src/server/context.ts";
import { serverMetrics } from "../../src/server/metrics.ts";
import { livingParts } from "../events/living-parts.ts";
import { event, nowMs, uuid } from "../live/live-events.ts";
import { films, smallRelease } from "../recommend/small-release.ts";
import { type CheckedApp, checkedApp, problem } from "./checked-app.ts";
import { writtenItem } from "./written-item.ts";

let server: CheckedApp;
let live: LiveState;
let folder: string;
let surfaces: SurfaceStore;
const serving = servingOf({ release: smallRelease, catalogue: catalogue(films) });
const metrics = serverMetrics();
const features = new Map<string, UserFeatures>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-surfaces-"));
  const { living } = await livingParts({ now: () => nowMs });
  live = living.live;
  surfaces = await openSurfaces(folder);
  const userFeatures = (userId: string) => {
    if (userId === "broken") throw new Error("unreachable");
    return features.get(userId);
  };
  server = await checkedApp({ living, surfaces, userFeatures, metrics, serving: () => serving });
});
afterAll(async () => {
  await server.app.close();
  await rm(folder, { recursive: true });
});

const get = async (url: string) => {
  const answer = await server.ask(url);
  expect([url, answer.statusCode, answer.body]).toEqual([url, 200, expect.anything()]);
  return answer.json();
};
const send = (method: "PUT" | "POST", url: string, payload: object) => server.ask({ method, url, payload });
const idsOf = (body: { items: { item_id: string }[] }) => body.items.map(({ item_id }) => item_id);
const listOf = (userId: string, query = "") => get(`/v1/users/${userId}/recommendations${query}`);
const old: SurfaceDocument = {
  name: "old",
  sources: [{ source: "model" }],
  filter: "year < 1990",
  fallback: "top",
};

describe("surfaces as documents", () => {
  it("are saved, answer at once, are listed with their versions, and brought back", async () => {
    problem(await server.ask("/v1/surfaces/old"), 404, "SURFACE_UNKNOWN");
    problem(await server.ask("/v1/users/1/recommendations?surface=old"), 400, "PARAMETER_INVALID");
    expect((await send("PUT", "/v1/surfaces/old", old)).json()).toMatchObject({ version: 1, document: old });
    expect(idsOf(await listOf("1", "?surface=old"))).toEqual(["5"]);
    await send("PUT", "/v1/surfaces/old", { ...old, filter: "year >= 1996" });
    expect(idsOf(await listOf("1", "?surface=old")).sort()).toEqual(["3", "8", "YWJj/+=="]);
    const { items } = await get("/v1/surfaces/old/versions");
    expect(items.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
    const back = (await send("POST", "/v1/surfaces/old/rollback", {})).json();
    expect(back).toMatchObject({ version: 3, restores: 1, document: old });
    expect(idsOf(await listOf("1", "?surface=old"))).toEqual(["5"]);
    expect(
      (await get("/v1/surfaces")).items.map((one: { document: { name: string } }) => one.document.name),
    ).toContain("old");
    expect(await readdir(join(folder, "old"))).toEqual(["00000001.json", "00000002.json", "00000003.json"]);
  });
  it("are there again after a restart, and a damaged file is refused by name", async () => {
    const again = await openSurfaces(folder);
    expect(again.versions("old")).toEqual(surfaces.versions("old"));
    const other = await mkdtemp(join(tmpdir(), "usher-surfaces-"));
    const store = await openSurfaces(other);
    await store.put(old);
    await writeFile(join(other, "old", "00000001.json"), "{");
    await expect(openSurfaces(other)).rejects.toThrow(/00000001\.json/);
    await rm(other, { recursive: true });
  });
  it("are deleted, which stays so after a restart, and brought back", async () => {
    const gone: SurfaceDocument = { ...old, name: "gone" };
    await send("PUT", "/v1/surfaces/gone", gone);
    await send("PUT", "/v1/surfaces/other", { ...old, name: "other", fallback: "gone" });
    const remove = (name: string) => server.ask({ method: "DELETE", url: `/v1/surfaces/${name}` });
    expect(problem(await remove("gone"), 400, "SURFACE_INVALID").detail).toContain("the fallback of other");
    expect((await remove("other")).statusCode).toBe(200);
    expect((await remove("gone")).json()).toMatchObject({ version: 2, deleted: true });
    problem(await remove("gone"), 404, "SURFACE_UNKNOWN");
    problem(await server.ask("/v1/surfaces/gone"), 404, "SURFACE_UNKNOWN");
    problem(await server.ask("/v1/users/1/recommendations?surface=gone"), 400, "PARAMETER_INVALID");
    const again = await openSurfaces(folder);
    expect([again.plan("gone"), again.versions("gone")]).toEqual([undefined, surfaces.versions("gone")]);
    expect((await send("POST", "/v1/surfaces/gone/rollback", {})).json()).toMatchObject({ restores: 1 });
    expect(idsOf(await listOf("1", "?surface=gone"))).toEqual(["5"]);
  });
  it("that are built in are as they were when what was saved is deleted", async () => {
    const remove = () => server.ask({ method: "DELETE", url: "/v1/surfaces/new" });
    problem(await remove(), 400, "SURFACE_INVALID");
    await send("PUT", "/v1/surfaces/new", { name: "new", title: "Fresh", sources: [{ source: "new" }] });
    expect((await remove()).json()).toMatchObject({ version: 2, restores: 0, document: { title: "New" } });
    expect((await get("/v1/surfaces/new")).document.title).toBe("New");
  });
  it("many saves at once make versions one after another", async () => {
    const before = surfaces.versions("old").length;
    const saved = await Promise.all(Array.from({ length: 10 }, () => surfaces.put(old)));
    expect(saved.map(({ version }) => version)).toEqual(
      Array.from({ length: 10 }, (_, at) => before + at + 1),
    );
  });
  it.each<[string, object, string, string]>([
    ["another name", { ...old, name: "other" }, "SURFACE_INVALID", 'expected \\"old\\"'],
    [
      "a missing item",
      { ...old, rules: { pins: [{ item_id: "zzz", position: 1 }] } },
      "SURFACE_INVALID",
      "rules.pins[0].item_id",
    ],
    ["a missing fallback", { ...old, fallback: "nowhere" }, "SURFACE_INVALID", "fallback"],
    ["a wrong filter", { ...old, filter: "yaer < 1" }, "FILTER_INVALID", "did you mean year?"],
    ["no sources", { name: "old" }, "BODY_INVALID", "sources"],
  ])("with %s are refused and change nothing", async (_, document, code, words) => {
    const before = surfaces.versions("old").length;
    const answer = await send("PUT", "/v1/surfaces/old", document);
    problem(answer, 400, code);
    expect(answer.body).toContain(words);
    expect(surfaces.versions("old")).toHaveLength(before);
  });
  it("a version that is not there is not brought back", async () => {
    problem(await send("POST", "/v1/surfaces/old/rollback", { version: 99 }), 400, "SURFACE_INVALID");
    problem(await send("POST", "/v1/surfaces/nowhere/rollback", {}), 404, "SURFACE_UNKNOWN");
  });
  it("a preview counts as no answer", async () => {
    const document = { ...old, name: "only-tried", filter: "year > 1995" };
    const tried = await send("POST", "/v1/surfaces/only-tried/preview", { document, user_id: "1" });
    expect(tried.json().surface).toBe("only-tried");
    expect(await metrics.registry.metrics()).not.toContain("only-tried");
  });
  it("a preview answers a chosen user and saves nothing", async () => {
    const document = { ...old, filter: "year > 1995", weights: { model: 1, freshness: 2 } };
    const answer = (await send("POST", "/v1/surfaces/old/preview", { document, user_id: "1", k: 3 })).json();
    expect(answer.surface).toBe("old");
    for (const { score, explain } of answer.items) {
      const steps = Object.values<number>(explain.terms).reduce(
        (sum, term) => sum + Math.round(term * 1e6),
        0,
      );
      expect(steps).toBe(Math.round(score * 1e6));
    }
    expect(idsOf(await listOf("1", "?surface=old"))).toEqual(["5"]);
    problem(await send("POST", "/v1/surfaces/nowhere/preview", { user_id: "1" }), 404, "SURFACE_UNKNOWN");
    expect(
      (await send("POST", "/v1/surfaces/because-you-watched/preview", { item_id: "5", k: 2 })).json().items,
    ).toHaveLength(2);
  });
  it("says when something that it names is gone, and answers without it", async () => {
    const pinned: SurfaceDocument = {
      name: "pinned",
      sources: [{ source: "model" }],
      rules: { pins: [{ item_id: "8", position: 1 }] },
      fallback: "top",
    };
    await send("PUT", "/v1/surfaces/pinned", pinned);
    expect(idsOf(await listOf("1", "?surface=pinned"))[0]).toBe("8");
    serving.items.apply(writtenItem("8", { is_hidden: true }));
    const answer = await listOf("1", "?surface=pinned");
    expect([answer.degraded, idsOf(answer).includes("8")]).toEqual([["surface pinned: items"], false]);
    serving.items.apply(writtenItem("8", { is_hidden: false }));
    expect((await listOf("1", "?surface=pinned")).degraded).toEqual([]);
    expect((await listOf("broken")).degraded).toEqual(["users"]);
  });
  it("cannot be saved where the home is only read", async () => {
    const reader = await checkedApp();
    problem(await reader.ask({ method: "PUT", url: "/v1/surfaces/old", payload: old }), 503, "NOT_READY");
    await reader.app.close();
  });
});

describe("a list", () => {
  it("takes filter, diversity and explain", async () => {
    expect(
      idsOf(
        await listOf("1", `?filter=${encodeURIComponent('year >= 1990 and not genre in ["Crime"]')}`),
      ).sort(),
    ).toEqual(["3", "YWJj/+=="]);
    const { items } = await listOf("1", "?explain=true&diversity=0.5&k=2");
    expect(items[0].explain).toMatchObject({ terms: { model: items[0].score }, propensity: 1 });
    const answer = await server.ask("/v1/users/1/recommendations?filter=yaer%3E1");
    expect(problem(answer, 400, "FILTER_INVALID").detail).toContain("did you mean year?");
    expect(await listOf("1", "?filter=year%3E3000")).toMatchObject({ items: [], emptied_by: "filter" });
    for (const query of [
      "diversity=2",
      "diversity=x",
      "explain=maybe",
      "surface=Not%20a%20name",
      "country=de",
    ]) {
      problem(await server.ask(`/v1/users/1/recommendations?${query}`), 400, "PARAMETER_INVALID");
    }
  });
  it("is about an item, and of a genre", async () => {
    const about = await listOf("1", `?surface=because-you-watched/${encodeURIComponent("YWJj/+==")}&k=2`);
    expect(about.items[0].reason).toMatchObject({ source: "similar", text: "like Base64 (1999)" });
    problem(
      await server.ask("/v1/users/1/recommendations?surface=because-you-watched/zzz"),
      404,
      "ITEM_UNKNOWN",
    );
    expect((await listOf("nobody", "?surface=must-watch&genre=crime")).items[0].genres).toEqual(["Crime"]);
    features.set("genred", { genres: "Horror" });
    expect(idsOf(await listOf("genred", "?k=1"))).toEqual(["4"]);
    expect(idsOf(await listOf("nobody", "?k=1&genres=Horror,Western"))).toEqual(["4"]);
  });
  it("repeats nothing across its pages, even when events arrive between them", async () => {
    const user_id = "pager";
    await live.apply([event("like", { user_id, item_id: "1" })]);
    const seen: string[] = [];
    const ranks: number[] = [];
    let cursor = "";
    for (let page = 0; page < 9; page++) {
      const body = await listOf(user_id, `?k=2${cursor}`);
      seen.push(...idsOf(body));
      ranks.push(...body.items.map(({ rank }: { rank: number }) => rank));
      if (!body.next_cursor) break;
      cursor = `&cursor=${body.next_cursor}`;
      // what was shown is watched, and something else is liked, which turns the order around
      const item_id = idsOf(body)[0];
      if (item_id)
        await live.apply([
          event("view", { user_id, item_id, progress: 1 }),
          event("like", { user_id, item_id: "été" }),
        ]);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThan(6);
    expect(ranks).toEqual(ranks.map((_, at) => at + 1));
  });
  it("refuses cursors that are forged, altered, of somebody else or of another list", async () => {
    const { next_cursor: cursor } = await listOf("1", "?k=2");
    const bytes = Buffer.from(cursor, "base64url");
    const altered = Buffer.from(bytes);
    altered[altered.length - 13]! ^= 1;
    const refused = (query: string, userId = "1") =>
      server.ask(`/v1/users/${userId}/recommendations?${query}`);
    for (const forged of [
      "x",
      "AAAA",
      altered.toString("base64url"),
      bytes.subarray(0, -1).toString("base64url"),
      `${cursor}=`,
    ]) {
      problem(await refused(`cursor=${forged}`), 400, "PARAMETER_INVALID");
    }
    problem(await refused(`cursor=${cursor}`, "2"), 400, "PARAMETER_INVALID");
    problem(await refused(`cursor=${cursor}&genre=crime`), 400, "PARAMETER_INVALID");
    problem(await refused(`cursor=${cursor}&surface=top`), 400, "PARAMETER_INVALID");
    expect((await refused(`cursor=${cursor}&k=3`)).statusCode).toBe(200);
  });
  it("is the same in a batch, with a surface and a filter", async () => {
    const payload = { user_ids: ["1", "2"], k: 3, surface: "old", filter: "year > 1970" };
    const { results } = (await send("POST", "/v1/recommendations/batch", payload)).json();
    for (const { user_id, surface, items } of results) {
      const single = await listOf(user_id, "?k=3&surface=old&filter=year%20%3E%201970");
      expect([surface, items]).toEqual([single.surface, single.items]);
    }
    problem(
      await send("POST", "/v1/recommendations/batch", { user_ids: ["1"], filter: "x" }),
      400,
      "FILTER_INVALID",
    );
  });
});

describe("GET /v1/home", () => {
  it("has rails, no item twice, none of them empty", async () => {
    await live.apply([event("view", { user_id: "1", item_id: "8", progress: 0.3 })]);
    const { rails } = await get("/v1/home?user_id=1&k=2");
    const names = rails.map(({ surface }: { surface: string }) => surface);
    expect(names.slice(0, 2)).toEqual(["continue", "for-you"]);
    expect(names).toContain("because-you-watched");
    const all = rails.flatMap(idsOf);
    expect(new Set(all).size).toBe(all.length);
    for (const rail of rails) expect(rail.items.length).toBeGreaterThan(0);
    const stranger = await get("/v1/home?user_id=stranger");
    expect(stranger.rails[0].surface).toBe("top");
    problem(await server.ask("/v1/home"), 400, "PARAMETER_INVALID");
  });
});

describe("POST /v1/recommendations/session", () => {
  it("answers from what the request says, and keeps nothing", async () => {
    const post = async (payload: object) =>
      (await send("POST", "/v1/recommendations/session", payload)).json();
    const answer = await post({
      interactions: [{ item_id: 5 }, { item_id: "4", rating: 0.5 }, { item_id: "zzz" }],
      k: 3,
    });
    expect([answer.surface, answer.unknown_items]).toEqual(["for-you", ["zzz"]]);
    expect(answer.items[0].reason.text).toBe("because you liked Aliens (1986)");
    expect(idsOf(answer)).not.toContain("5");
    expect((await post({ interactions: [] })).surface).toBe("top");
    expect(
      idsOf(await post({ interactions: [{ item_id: "1", event_type: "dislike" }], k: 200 })),
    ).not.toContain("1");
    problem(
      await send("POST", "/v1/recommendations/session", { interactions: [{ item_id: "1", rating: 7 }] }),
      400,
      "BODY_INVALID",
    );
  });
  it("is what a session gets that did the same", async () => {
    const session_id = uuid(4711);
    await live.apply([
      event("like", { session_id, item_id: "5" }),
      event("like", { session_id, item_id: "1" }),
    ]);
    const session = await get(`/v1/sessions/${session_id}/recommendations?exclude=1,5&surface=for-you`);
    const picks = (
      await send("POST", "/v1/recommendations/session", {
        interactions: [{ item_id: "1" }, { item_id: "5" }],
      })
    ).json();
    expect(idsOf(picks)).toEqual(idsOf(session));
  });
});

describe("metrics of lists", () => {
  it("have the share of exploration, as two counts by surface", async () => {
    const countOf = async (name: string) => {
      const text = await metrics.registry.metrics();
      const [, value = 0] =
        new RegExp(`usher_exploration_${name}_total\\{surface="trier"\\} (\\d+)`).exec(text) ?? [];
      return Number(value);
    };
    const document: SurfaceDocument = {
      name: "trier",
      sources: [{ source: "top" }],
      weights: { rating: 1 },
      exploration: { share: 0.5, of: "candidates" },
    };
    await send("PUT", "/v1/surfaces/trier", document);
    let tried = 0;
    for (let list = 0; list < 20; list++) {
      const { items } = await listOf("nobody", "?surface=trier&k=2");
      tried += items.filter(
        ({ reason }: { reason: { source: string } }) => reason.source === "exploration",
      ).length;
    }
    expect(tried).toBeGreaterThan(0);
    expect([await countOf("places"), await countOf("tried")]).toEqual([40, tried]);
  });
  it("count stages, sources, fallbacks and empty lists", async () => {
    await listOf("1", "?filter=year%3E3000");
    await listOf("nobody");
    const text = await metrics.registry.metrics();
    for (const line of [
      /usher_lists_total\{surface="for-you",outcome="answered"\} \d+/,
      /usher_lists_total\{surface="for-you",outcome="empty"\} \d+/,
      /usher_lists_total\{surface="top",outcome="fallback"\} \d+/,
      /usher_list_items_total\{source="history"\} \d+/,
      /usher_stage_seconds_count\{stage="candidates"\} \d+/,
      /usher_stage_seconds_count\{stage="explanation"\} \d+/,
    ]) {
      expect(text).toMatch(line);
    }
  });
});
