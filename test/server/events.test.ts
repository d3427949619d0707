import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { livingParts } from "../events/living-parts.ts";
import { logFailure } from "../events/memory-log.ts";
import { sampleEvent } from "../events/sample-events.ts";
import { type CheckedApp, checkedApp, problem } from "./checked-app.ts";

const { log, living } = await livingParts({ inFlightMax: 1500 });
let server: CheckedApp;
beforeAll(async () => {
  server = await checkedApp({ living });
});
afterAll(() => server.app.close());

const post = (payload: string | Buffer, type: string | undefined = "application/json", url = "/v1/events") =>
  server.ask({ method: "POST", url, payload, headers: type === undefined ? {} : { "content-type": type } });
const postJson = (value: unknown) => post(JSON.stringify(value));
const lines = "application/x-ndjson";

describe("POST /v1/events", () => {
  it("takes one event", async () => {
    const event = sampleEvent("view");
    const answer = await postJson(event);
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({ results: [{ event_id: event["event_id"], status: "accepted" }] });
    expect((await postJson(event)).json().results[0].status).toBe("duplicate");
  });

  it("takes an array, with a status for each", async () => {
    const answer = await postJson([sampleEvent("rating"), sampleEvent("rating", { rating: 6 }), null]);
    expect(answer.statusCode).toBe(202);
    expect(answer.json().results).toMatchObject([
      { status: "accepted" },
      { status: "rejected", reason: "invalid_rating_value" },
      { status: "rejected", reason: "schema_validation_failed" },
    ]);
  });

  it("takes lines, of which one may be broken", async () => {
    const text = `${JSON.stringify(sampleEvent("like"))}\n{broken\n${JSON.stringify(sampleEvent("like"))}\n`;
    for (const type of [lines, "application/x-ndjson; charset=utf-8", "Application/X-NDJSON"]) {
      const { results } = (
        await post(
          text.replaceAll(/"event_id":"[^"]+"/g, () => `"event_id":"${randomUUID()}"`),
          type,
        )
      ).json();
      expect(results).toMatchObject([
        { status: "accepted" },
        { status: "rejected", reason: "malformed_json" },
        { status: "accepted" },
      ]);
    }
  });

  it("answers 202 though all are rejected, and for none", async () => {
    expect((await postJson([1, 2])).statusCode).toBe(202);
    expect((await postJson({})).json().results).toMatchObject([{ reason: "missing_required_field" }]);
    expect((await postJson([])).json()).toEqual({ results: [] });
  });

  it.each(["", "{", "5", "null", '"x"', "nonsense", '{"a":1'])(
    "%j does not split into events",
    async (text) => {
      problem(await post(text), 400, "BODY_INVALID");
    },
  );

  it.each(["", "\n\n"])("%j has no line", async (text) => {
    problem(await post(text, lines), 400, "BODY_INVALID");
  });

  it("takes 1,000 events and no more", async () => {
    const many = Array.from({ length: 1000 }, () => sampleEvent("click"));
    const { results } = (await postJson(many)).json() as { results: { status: string }[] };
    expect(results.map(({ status }) => status)).toEqual(Array(1000).fill("accepted"));
    const before = log.records("events_clicks").length;
    expect(problem(await postJson([...many, 1]), 413, "BODY_TOO_LARGE").detail).toContain("1000 events");
    problem(await post(`${JSON.stringify(many[0])}\n`.repeat(1001), lines), 413, "BODY_TOO_LARGE");
    expect(log.records("events_clicks").length).toBe(before);
  });

  it("takes 8 MiB and no more; other routes take 1 MiB", async () => {
    const long = (bytes: number) => `[${" ".repeat(bytes - 2)}]`;
    expect((await post(long(8 * 1024 * 1024))).statusCode).toBe(202);
    expect(problem(await post(long(8 * 1024 * 1024 + 1)), 413, "BODY_TOO_LARGE").detail).toContain("8 MiB");
    const batch = await post(long(2 * 1024 * 1024), "application/json", "/v1/recommendations/batch");
    expect(problem(batch, 413, "BODY_TOO_LARGE").detail).toContain("1 MiB");
  });

  it.each(["text/plain", "application/xml", "application/x-www-form-urlencoded", "x", "application/jsonp"])(
    "refuses %s",
    async (type) => {
      problem(await post("{}", type), 415, "MEDIA_TYPE_UNSUPPORTED");
    },
  );

  it("refuses a body without a type, and a query", async () => {
    problem(
      await server.ask({ method: "POST", url: "/v1/events", payload: "{}" }),
      415,
      "MEDIA_TYPE_UNSUPPORTED",
    );
    problem(await post("{}", "application/json", "/v1/events?x=1"), 400, "PARAMETER_INVALID");
    expect((await server.ask({ url: "/v1/events" })).headers["allow"]).toBe("OPTIONS, POST");
  });

  it("refuses what is no UTF-8 in JSON", async () => {
    problem(await post(Buffer.from([0x7b, 0xff, 0x7d])), 400, "BODY_INVALID");
  });

  it("says when to come back: too much under way, and a log that is away", async () => {
    const release = log.hold();
    const many = Array.from({ length: 1000 }, () => sampleEvent("click"));
    const first = postJson(many);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const refused = await postJson(many.map(() => sampleEvent("click")));
    problem(refused, 429, "TOO_BUSY");
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    release();
    expect((await first).statusCode).toBe(202);
    log.failWith(logFailure);
    const away = await postJson(sampleEvent("like"));
    problem(away, 503, "LOG_UNAVAILABLE");
    expect(Number(away.headers["retry-after"])).toBeGreaterThan(0);
    log.failWith(undefined);
  });
});

describe("GET /v1/users/{user_id}/events", () => {
  const userId = "auth0|5 é";
  const path = `/v1/users/${encodeURIComponent(userId)}/events`;

  it("lists every accepted event, the newest first, page by page", async () => {
    const events = Array.from({ length: 250 }, (_, at) =>
      sampleEvent(at % 2 === 0 ? "view" : "impression", {
        user_id: userId,
        event_ts: new Date(Date.UTC(2026, 0, 1) + ((at * 7919) % 250) * 1000).toISOString(),
      }),
    );
    await postJson(events);
    const seen: Record<string, unknown>[] = [];
    let cursor = "";
    do {
      const answer = await server.ask(`${path}?limit=99${cursor && `&cursor=${cursor}`}`);
      expect(answer.statusCode).toBe(200);
      seen.push(...answer.json().events);
      cursor = answer.json().next_cursor ?? "";
    } while (cursor !== "");
    const times = seen.map(({ event_ts }) => String(event_ts));
    expect(times).toEqual([...times].sort().reverse());
    expect(new Set(seen.map(({ event_id }) => event_id))).toEqual(
      new Set(events.map(({ event_id }) => event_id)),
    );
    expect((await server.ask(path)).json().events.length).toBe(100);
    expect((await server.ask(`${path}?limit=1000`)).json().events.length).toBe(250);
    const { next_cursor } = (await server.ask(`${path}?limit=1`)).json();
    const other = await server.ask(`/v1/users/other/events?cursor=${next_cursor}`);
    expect(problem(other, 400, "PARAMETER_INVALID").errors?.[0]?.field).toBe("cursor");
  });

  it("an unknown user has none", async () => {
    expect((await server.ask("/v1/users/nobody/events")).json()).toEqual({ events: [] });
  });

  it.each(["limit=0", "limit=1001", "limit=x", "cursor=hello", "cursor="])("refuses %s", async (query) => {
    problem(await server.ask(`${path}?${query}`), 400, "PARAMETER_INVALID");
  });
});

describe("dead letters", () => {
  it("are listed by reason, shown, corrected and taken", async () => {
    const event = sampleEvent("rating", { rating: 77 });
    await postJson(event);
    const list = (await server.ask("/v1/dead-letters?reason=invalid_rating_value&limit=1")).json();
    expect(list.items).toMatchObject([{ topic: "events_ratings", error_reason: "invalid_rating_value" }]);
    expect(JSON.parse(list.items[0].raw_payload)).toEqual(event);
    expect(list.next_cursor).toBeTypeOf("string");
    const path = `/v1/dead-letters/${list.items[0].id}`;
    expect((await server.ask(path)).json()).toEqual(list.items[0]);
    const resubmit = (payload?: string) =>
      server.ask({
        method: "POST",
        url: `${path}/resubmit`,
        ...(payload === undefined ? {} : { payload, headers: { "content-type": "application/json" } }),
      });
    expect(problem(await resubmit(), 422, "EVENT_REJECTED").detail).toContain("got 77");
    problem(await resubmit(JSON.stringify({ ...event, rating: 78 })), 422, "EVENT_REJECTED");
    problem(await resubmit("{broken"), 400, "BODY_INVALID");
    const taken = await resubmit(JSON.stringify({ ...event, rating: 5 }));
    expect([taken.statusCode, taken.json()]).toEqual([
      202,
      { event_id: event["event_id"], status: "accepted" },
    ]);
    expect((await server.ask(path)).json().resubmission).toMatchObject({ event_id: event["event_id"] });
    expect((await resubmit()).json()).toEqual({ event_id: event["event_id"], status: "duplicate" });
    const next = await server.ask(`/v1/dead-letters?limit=1&cursor=${list.next_cursor}`);
    expect(next.json().items[0].id).not.toBe(list.items[0].id);
  });

  it.each(["/v1/dead-letters/x", "/v1/dead-letters/0-99999", "/v1/dead-letters/%2e%2e%2f"])(
    "%s is unknown",
    async (url) => {
      problem(await server.ask(url), 404, "LETTER_UNKNOWN");
      problem(await server.ask({ method: "POST", url: `${url}/resubmit` }), 404, "LETTER_UNKNOWN");
    },
  );

  it.each(["reason=bad", "limit=0", "limit=201", "cursor=x"])("the list refuses %s", async (query) => {
    problem(await server.ask(`/v1/dead-letters?${query}`), 400, "PARAMETER_INVALID");
  });
});

it("a server that takes no events says so", async () => {
  const reader = await checkedApp();
  for (const request of [
    { url: "/v1/users/1/events" },
    { url: "/v1/dead-letters" },
    { url: "/v1/dead-letters/0-1" },
    { method: "POST" as const, url: "/v1/dead-letters/0-1/resubmit" },
    {
      method: "POST" as const,
      url: "/v1/events",
      payload: "{}",
      headers: { "content-type": "application/json" },
    },
  ]) {
    const answer = await reader.ask(request);
    expect(problem(answer, 503, "NOT_READY").detail).toContain("events");
    expect(answer.headers["retry-after"]).toBeDefined();
  }
  await reader.app.close();
});
