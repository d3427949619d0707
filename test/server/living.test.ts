import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LiveState } from "../../src/live/live-state.ts";
import { livingParts } from "../events/living-parts.ts";
import { event, nowMs, uuid } from "../live/live-events.ts";
import { smallRelease } from "../recommend/small-release.ts";
import { type CheckedApp, checkedApp, problem } from "./checked-app.ts";

let server: CheckedApp;
let live: LiveState;
beforeAll(async () => {
  const { living } = await livingParts({ now: () => nowMs });
  live = living.live;
  server = await checkedApp({ living });
});
afterAll(() => server.app.close());
const get = async (url: string) => {
  const answer = await server.ask(url);
  expect([url, answer.statusCode, answer.body]).toEqual([url, 200, expect.anything()]);
  return answer.json();
};
const idsOf = (body: { items: { item_id: string }[] }) => body.items.map(({ item_id }) => item_id);
const listOf = (userId: string, query = "") => get(`/v1/users/${userId}/recommendations${query}`);
const merge = (userId: string, payload: object) =>
  server.ask({ method: "POST", url: `/v1/users/${userId}/merge`, payload });

describe("the next answer after an event", () => {
  it("uses it: a newcomer's list changes, what they consume goes, what they dislike never returns", async () => {
    const user_id = "newcomer";
    expect((await listOf(user_id)).surface).toBe("top");
    await live.apply([event("like", { user_id, item_id: "5" })]);
    const liked = await listOf(user_id);
    expect(liked.surface).toBe("for-you");
    const [first, second] = idsOf(liked);
    const dislike = event("dislike", { user_id, item_id: first });
    await live.apply([dislike, event("view", { user_id, item_id: second, progress: 0.95 })]);
    const after = idsOf(await listOf(user_id, "?k=200"));
    expect(after).not.toContain(first);
    expect(after).not.toContain(second);
    for (const url of [`/recommend_movies/${user_id}`, `/api/v1/recommendations/${user_id}?limit=200`]) {
      const { recommendations } = await get(url);
      const shown = recommendations.map((each: { id?: unknown; movie_id?: unknown }) =>
        String(each.id ?? each.movie_id),
      );
      expect(shown).not.toContain(first);
    }
    await live.apply([event("retract", { user_id, target_event_id: dislike.event_id })]);
    expect(idsOf(await listOf(user_id, "?k=200"))).toContain(first);
  });
  it("is the same in a batch", async () => {
    await live.apply([event("dislike", { user_id: "2", item_id: "8" })]);
    const payload = { user_ids: ["2", "newcomer"], k: 5 };
    const answer = await server.ask({ method: "POST", url: "/v1/recommendations/batch", payload });
    for (const { user_id, items } of answer.json().results) {
      expect(items).toEqual((await listOf(user_id, "?k=5")).items);
      expect(idsOf({ items })).not.toContain(user_id === "2" ? "8" : "");
    }
  });
});

describe("surfaces of live state", () => {
  it("trending is what people do now, for anybody and for one", async () => {
    await live.apply(
      ["a", "b", "c"].map((who) => event("like", { user_id: who, item_id: "2" }, nowMs - 60_000)),
    );
    const body = await get("/v1/trending?window=1h&k=3");
    expect(idsOf(body)[0]).toBe("2");
    expect([body.surface, body.window, body.model_version]).toEqual(["trending", "1h", "v0001"]);
    expect(body.items[0].reason).toMatchObject({ source: "trending" });
    expect(idsOf(await get("/v1/trending?genre=Western"))).toEqual([]);
    const own = await listOf("1", "?surface=trending&window=1h"); // user 1 has rated film 2
    expect([own.surface, idsOf(own).includes("2")]).toEqual(["trending", false]);
  });
  it("continue is what was begun", async () => {
    await live.apply([event("view", { user_id: "w", item_id: "3", progress: 0.4 })]);
    const body = await listOf("w", "?surface=continue");
    expect([body.surface, idsOf(body)]).toEqual(["continue", ["3"]]);
    await live.apply([event("view", { user_id: "w", item_id: "3", progress: 1 }, nowMs)]);
    expect(idsOf(await listOf("w", "?surface=continue"))).toEqual([]);
  });
  it.each(["window=2h", "genre=", "k=0", "surface=x"])("refuses ?%s", async (query) => {
    problem(await server.ask(`/v1/trending?${query}`), 400, "PARAMETER_INVALID");
  });
});

describe("sessions", () => {
  const session_id = uuid(77);
  it("get lists from what they have done, and a merge makes it the user's", async () => {
    await live.apply([event("like", { session_id, item_id: "5" })]);
    const body = await get(`/v1/sessions/${session_id}/recommendations?k=4`);
    expect([body.session_id, body.surface, idsOf(body).includes("5")]).toEqual([session_id, "for-you", true]);
    expect((await listOf("joiner")).surface).toBe("top");
    expect((await merge("joiner", { session_id })).json()).toEqual({ user_id: "joiner", session_id });
    expect(idsOf(await listOf("joiner", "?k=4"))).toEqual(idsOf(body));
    problem(await merge("other", { session_id }), 409, "SESSION_MERGED");
  });
  it("have a home and a history of their own; the merge makes the history the user's, with each event once", async () => {
    const session_id = uuid(78);
    const like = event("like", { session_id, item_id: "5" });
    expect((await get(`/v1/home?session_id=${session_id}`)).rails[0].surface).toBe("top");
    await live.apply([like]);
    const home = await get(`/v1/home?session_id=${session_id}`);
    expect([home.session_id, home.user_id, home.rails[0].surface]).toEqual([
      session_id,
      undefined,
      "for-you",
    ]);
    const idsIn = async (path: string) =>
      (await get(`/v1/${path}/events`)).events.map(({ event_id }: { event_id: string }) => event_id);
    expect(await idsIn(`sessions/${session_id}`)).toEqual([like.event_id]);
    expect(await idsIn("users/comer")).toEqual([]);
    await merge("comer", { session_id });
    expect(await idsIn("users/comer")).toEqual([like.event_id]);
    expect((await get("/v1/home?user_id=comer")).rails).toEqual(home.rails);
    await live.apply([event("retract", { user_id: "comer", target_event_id: like.event_id })]);
    expect((await get("/v1/home?user_id=comer")).rails[0].surface).toBe("top");
    for (const query of ["", `?user_id=comer&session_id=${session_id}`, "?session_id=x"])
      problem(await server.ask(`/v1/home${query}`), 400, "PARAMETER_INVALID");
  });
  it("have ids that are UUIDs", async () => {
    problem(await server.ask("/v1/sessions/x/recommendations"), 400, "PARAMETER_INVALID");
    problem(await merge("joiner", { session_id: "x" }), 400, "BODY_INVALID");
    problem(await merge("joiner", {}), 400, "BODY_INVALID");
  });
});

describe("a process that takes no events", () => {
  it("answers from the release, and says of the rest that it is not ready", async () => {
    const reader = await checkedApp();
    const [userId] = smallRelease.set.users.ids;
    expect((await reader.ask(`/v1/users/${userId}/recommendations`)).statusCode).toBe(200);
    for (const url of [
      "/v1/trending",
      `/v1/sessions/${uuid(1)}/recommendations`,
      `/v1/home?session_id=${uuid(1)}`,
    ]) {
      problem(await reader.ask(url), 503, "NOT_READY");
    }
    const trending = (await reader.ask(`/v1/users/${userId}/recommendations?surface=trending`)).json();
    expect([trending.surface, trending.degraded]).toEqual(["top", ["events"]]);
    await reader.app.close();
  });
});
