import { METHODS } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsherError } from "../../src/errors.ts";
import { type CheckedApp, checkedApp, problem, smallContext } from "./checked-app.ts";

let server: CheckedApp;
beforeAll(async () => {
  server = await checkedApp();
});
afterAll(() => server.app.close());
const list = "/v1/users/1/recommendations";
const idLimit = "an id of 1..128 bytes of UTF-8 without control characters, not . or ..";

describe("parameters", () => {
  it.each([
    [`${list}?k=abc`, "k", 'k: expected an integer in 1..200, got "abc"'],
    [`${list}?k=0`, "k", "k: expected an integer in 1..200, got 0"],
    [`${list}?k=201`, "k", "k: expected an integer in 1..200, got 201"],
    [`${list}?k=`, "k", 'k: expected an integer in 1..200, got ""'],
    [`${list}?k=1e1`, "k", 'k: expected an integer in 1..200, got "1e1"'],
    [`${list}?k=0x10`, "k", 'k: expected an integer in 1..200, got "0x10"'],
    [`${list}?k=1.5`, "k", 'k: expected an integer in 1..200, got "1.5"'],
    [`${list}?k=1&k=2`, "k", "k: expected an integer in 1..200, got 2 values"],
    [`${list}?genre=`, "genre", 'genre: expected a text of 1..64 characters, got ""'],
    [
      `${list}?exlude=1`,
      "exlude",
      "exlude: expected one of k, source, surface, window, genre, genres, filter, exclude, diversity, explain, country, device, cursor, got an unknown name; did you mean exclude?",
    ],
    [
      `${list}?__proto__=1`,
      "__proto__",
      "__proto__: expected one of k, source, surface, window, genre, genres, filter, exclude, diversity, explain, country, device, cursor, got an unknown name",
    ],
    [
      `${list}?constructor=1`,
      "constructor",
      "constructor: expected one of k, source, surface, window, genre, genres, filter, exclude, diversity, explain, country, device, cursor, got an unknown name",
    ],
    [`${list}?exclude=a,,b`, "exclude[1]", `exclude[1]: expected ${idLimit}, got ""`],
    [
      `${list}?exclude=${"a,".repeat(201)}`,
      "exclude",
      "exclude: expected a list of 0..200 entries, got 202 values",
    ],
    ["/health/live?x=1", "x", "x: expected no parameters here, got this one"],
    [
      "/v1/items?sort=rating",
      "sort",
      'sort: expected one of popularity, release_year, title, item_id, relevance, got "rating"',
    ],
    ["/v1/items?page_size=1000", "page_size", "page_size: expected an integer in 1..200, got 1000"],
    ["/v1/items?year=9500", "year", "year: expected an integer in -5000..3000, got 9500"],
    ["/api/v1/recommendations/1?limit=0", "limit", "limit: expected an integer in 1..200, got 0"],
    [
      `/v1/users/${"a".repeat(10_000)}/recommendations`,
      "user_id",
      `user_id: expected ${idLimit}, got 10000 bytes`,
    ],
    [
      `/v1/users/${"%C3%A9".repeat(65)}/recommendations`,
      "user_id",
      `user_id: expected ${idLimit}, got 130 bytes`,
    ],
    ["/v1/users/a%00b/recommendations", "user_id", `user_id: expected ${idLimit}, got "a\\u0000b"`],
    ["/rec/v3/1,..", "user_id", `user_id: expected ${idLimit}, got ".."`],
    [`${list}?exclude=.`, "exclude[0]", `exclude[0]: expected ${idLimit}, got "."`],
    ["/v1/users//recommendations", "user_id", `user_id: expected ${idLimit}, got ""`],
    [`/v1/items/${"a".repeat(10_000)}`, "item_id", `item_id: expected ${idLimit}, got 10000 bytes`],
    [`/recommend_movies/${"a".repeat(10_000)}`, "user_id", `user_id: expected ${idLimit}, got 10000 bytes`],
    [`/movie/${"a".repeat(10_000)}`, "id", `id: expected ${idLimit}, got 10000 bytes`],
  ])("%.60s names %s", async (url, field, message) => {
    const { errors, detail } = problem(await server.ask(url), 400, "PARAMETER_INVALID");
    expect(errors).toEqual([{ field, message }]);
    expect(detail).toBe(message);
  });
  it("names every wrong field at once", async () => {
    const { errors } = problem(await server.ask(`${list}?k=0&kk=1&genre=`), 400, "PARAMETER_INVALID");
    expect(errors?.map(({ field }) => field).sort()).toEqual(["genre", "k", "kk"]);
  });
  it.each(["/v1/users/%ZZ/recommendations", "/v1/users/%FF/recommendations", "/v1/items/%"])(
    "%s is not percent-encoded UTF-8",
    async (url) => {
      expect(problem(await server.ask(url), 400, "PARAMETER_INVALID").detail).toContain("percent-encoded");
    },
  );
  it.each([
    "/v1/top?genre=%FF",
    "/v1/items?query=%C3",
    "/v1/items?query=%E0%80%A0",
    "/v1/top?%GG=1",
    "/?x=%FF",
  ])("the query of %s is not percent-encoded UTF-8", async (url) => {
    const { detail } = problem(await server.ask(url), 400, "PARAMETER_INVALID");
    expect(detail).toBe("query: expected percent-encoded UTF-8, got something else");
  });
  it("refuses a cursor of another listing", async () => {
    const { next_cursor } = (await server.ask("/v1/items?page_size=1")).json();
    const answer = await server.ask(`/v1/items?page_size=1&sort=title&cursor=${next_cursor}`);
    expect(problem(answer, 400, "PARAMETER_INVALID").errors?.[0]?.field).toBe("cursor");
    problem(await server.ask("/v1/items?cursor=hello"), 400, "PARAMETER_INVALID");
  });
  it("refuses too many users in one path, and a wrong id among them", async () => {
    expect(
      problem(await server.ask(`/rec/v3/${"1,".repeat(1001)}`), 400, "PARAMETER_INVALID").detail,
    ).toContain("1000");
    problem(await server.ask("/rec/v3/1,,2"), 400, "PARAMETER_INVALID");
  });
});

describe("unknown things", () => {
  it.each(["/v1/items/zzz", "/v1/items/6", "/v1/items/7", "/v1/items/zzz/similar", "/movie/zzz"])(
    "%s is no item",
    async (url) => {
      problem(await server.ask(url), 404, "ITEM_UNKNOWN");
    },
  );
  it.each([
    "/nope",
    "/v1",
    "/v1/users/1/nope",
    "/V1/top",
    "/docs/static/nope.js",
    "/v1/top/",
    "//",
    "/v1/items/a/b",
  ])("%s is no route", async (url) => {
    problem(await server.ask(url), 404, "ROUTE_UNKNOWN");
  });
});

describe("methods", () => {
  const everyMethod = METHODS.filter((method) => !["GET", "HEAD", "OPTIONS", "CONNECT"].includes(method));
  it.each(everyMethod)("%s of a list is refused, of an unknown path unknown", async (method) => {
    const payload = {
      method: method as "PUT",
      payload: "not read",
      headers: { "content-type": "text/plain" },
    };
    const answer = await server.ask({ url: "/v1/top", ...payload });
    expect(problem(answer, 405, "METHOD_NOT_ALLOWED").detail).toContain(method);
    expect(answer.headers["allow"]).toBe("GET, HEAD, OPTIONS");
    problem(await server.ask({ url: "/nope", ...payload }), 404, "ROUTE_UNKNOWN");
  });
  it("names the methods of each kind of path", async () => {
    expect(METHODS).toContain("QUERY");
    const allow = async (url: string) => (await server.ask({ method: "DELETE", url })).headers["allow"];
    expect(await allow("/v1/recommendations/batch")).toBe("OPTIONS, POST");
    expect(await allow("/v1/items/a%2Fb/similar")).toBe("GET, HEAD, OPTIONS");
    expect(await allow("/docs/static/swagger-ui.css")).toBe("GET, HEAD, OPTIONS");
    expect(await allow("/?x=1")).toBe("GET, HEAD, OPTIONS");
  });
  it("answers OPTIONS with what is allowed", async () => {
    const answer = await server.ask({ method: "OPTIONS", url: "/v1/recommendations/batch" });
    expect([answer.statusCode, answer.headers["allow"], answer.body]).toEqual([204, "OPTIONS, POST", ""]);
    problem(await server.ask({ method: "OPTIONS", url: "/nope" }), 404, "ROUTE_UNKNOWN");
  });
});

describe("bodies", () => {
  const send = (payload: string | undefined, type: string | undefined = "application/json") =>
    server.ask({
      method: "POST",
      url: "/v1/recommendations/batch",
      ...(payload === undefined ? {} : { payload }),
      headers: type === "" ? {} : { "content-type": type },
    });
  it.each([
    ["{", "body: expected JSON"],
    ["", "body: expected JSON, got nothing"],
    ["null", "body: expected a JSON object, got null"],
    ["[1]", "body: expected a JSON object, got 1 values"],
    ["{}", "user_ids: expected a list of 1..1000 entries, got nothing"],
    ['{"user_ids":[]}', "user_ids: expected a list of 1..1000 entries, got 0 values"],
    [
      '{"user_ids":[true]}',
      "user_ids[0]: expected a text or an integer in -9007199254740991..9007199254740991, got true",
    ],
    ['{"user_ids":["1"],"k":"3"}', 'k: expected an integer in 1..200, got "3"'],
    [
      '{"user_ids":["1"],"user_id":1}',
      "user_id: expected one of user_ids, k, surface, genre, filter, got an unknown name; did you mean user_ids?",
    ],
    ['{"user_ids":["1"],"__proto__":{"x":1}}', "__proto__"],
    ['{"user_ids":["1"],"constructor":{"prototype":{}}}', "constructor"],
    ['{"user_ids":["1"],"constructor":1}', "constructor"],
    [`{"user_ids":[${"1,".repeat(1000)}1]}`, "user_ids: expected a list of 1..1000 entries, got 1001 values"],
  ])("%.60s is refused", async (payload, message) => {
    expect(problem(await send(payload), 400, "BODY_INVALID").detail).toContain(message);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
  it.each([
    "text/plain",
    "application/xml",
    "application/jsonx",
    "application/x-www-form-urlencoded",
    "json",
    "",
  ])("of type '%s' are refused", async (type) => {
    problem(await send('{"user_ids":["1"]}', type), 415, "MEDIA_TYPE_UNSUPPORTED");
  });
  it("above 1 MiB are refused", async () => {
    problem(await send(`{"user_ids":["${"x".repeat(1024 * 1024)}"]}`), 413, "BODY_TOO_LARGE");
  });
});

describe("hosts and origins", () => {
  it.each([
    "localhost",
    "LOCALHOST:1",
    "127.0.0.1:8000",
    "127.9.8.7",
    "[::1]:80",
    "usher.example",
    "usher.example:1",
    "proxy.example:8443",
  ])("the host %s is served", async (host) => {
    expect((await server.ask({ url: "/health/live", headers: { host } })).statusCode).toBe(200);
  });
  it.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.256",
    "[::2]",
    "proxy.example",
    "usher.example@evil",
    "localhost:99999999",
    "128.0.0.1",
    "[::1",
  ])("the host '%s' is refused, on every kind of route", async (host) => {
    for (const url of ["/health/live", "/v1/top", "/nope", "/docs/", "/v1/items/%ZZ"]) {
      problem(await server.ask({ url, headers: { host } }), 403, "HOST_REFUSED");
    }
  });
  it.each([
    ["http://localhost:5173", 200],
    ["https://usher.example", 200],
    ["https://evil.example", 403],
    ["null", 403],
    ["file://", 403],
    ["http://localhost.evil.example", 403],
  ])("the origin %s gets %i", async (origin, status) => {
    const answer = await server.ask({ url: "/health/live", headers: { origin } });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  });
});

describe("before a release serves", () => {
  const starting = () =>
    checkedApp({
      serving: () => undefined,
      status: () => ({ phase: "train", text: "ials: epoch 3 of 12", fraction: 0.25 }),
      dependencies: () => ({ lake: { status: "failed", detail: "no folder" } }),
    });
  it("computed routes answer 503 with Retry-After, the others answer", async () => {
    const { ask, app } = await starting();
    for (const url of [
      list,
      "/v1/top",
      "/v1/items",
      "/v1/items/1",
      "/v1/items/1/similar",
      "/recommend_movies/1",
      "/api/v1/recommendations/1",
      "/rec/v3/1",
      "/movie/1",
    ]) {
      const answer = await ask(url);
      expect(problem(answer, 503, "NOT_READY").detail).toContain("epoch 3 of 12");
      expect(answer.headers["retry-after"]).toBe("2");
    }
    const batch = { method: "POST" as const, url: "/v1/recommendations/batch", payload: { user_ids: [1] } };
    problem(await ask(batch), 503, "NOT_READY");
    expect((await ask("/health/live")).statusCode).toBe(200);
    expect((await ask("/v1/models")).json().items[0].serving).toBe(false);
    await app.close();
  });
  it("/health/ready says what is being done and what is missing", async () => {
    const { ask, app } = await starting();
    const answer = await ask("/health/ready");
    expect(problem(answer, 503, "NOT_READY")).toMatchObject({
      detail: "release is waiting, lake is failed: ials: epoch 3 of 12",
      progress: { phase: "train", text: "ials: epoch 3 of 12", fraction: 0.25 },
      dependencies: { release: { status: "waiting" }, lake: { status: "failed", detail: "no folder" } },
    });
    expect(answer.headers["retry-after"]).toBe("2");
    await app.close();
  });
});

describe("defects", () => {
  it.each([
    ["an unknown failure", new TypeError("cannot read /secret/path"), "INTERNAL", 500],
    ["a damaged file", new UsherError("MODEL_FILE", "expected a model in /secret/path"), "MODEL_FILE", 500],
  ])("%s is told in general words", async (_, error, code, status) => {
    const { ask, app } = await checkedApp({ releases: () => Promise.reject(error) });
    const answer = await ask("/v1/models");
    problem(answer, status, code);
    expect(answer.body).not.toContain("secret");
    await app.close();
  });
  it("one user's failure does not fail the batch", async () => {
    const serving = smallContext().serving()!;
    const recommend: typeof serving.recommender.recommend = (request) => {
      if (request.userId === "2") throw new Error("secret");
      return serving.recommender.recommend(request);
    };
    const broken = {
      ...serving,
      recommender: { ...serving.recommender, recommend } as typeof serving.recommender,
    };
    const { ask, app } = await checkedApp({ serving: () => broken });
    const payload = { user_ids: ["1", "2"], k: 1 };
    const { results } = (await ask({ method: "POST", url: "/v1/recommendations/batch", payload })).json();
    expect(results[0].items).toHaveLength(1);
    expect(results[1]).toEqual({
      user_id: "2",
      error: { code: "INTERNAL", detail: expect.not.stringContaining("secret") },
    });
    await app.close();
  });
});
