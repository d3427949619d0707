import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consumedBy, smallRelease } from "../recommend/small-release.ts";
import { type CheckedApp, checkedApp, problem, report } from "./checked-app.ts";

let server: CheckedApp;
beforeAll(async () => {
  server = await checkedApp();
});
afterAll(() => server.app.close());
const get = async (url: string) => {
  const answer = await server.ask(url);
  expect([url, answer.statusCode, answer.body]).toEqual([url, 200, expect.anything()]);
  return answer.json();
};
const of = (userId: string, query = "") =>
  get(`/v1/users/${encodeURIComponent(userId)}/recommendations${query}`);
const idsOf = (body: { items: { item_id: string }[] }) => body.items.map(({ item_id }) => item_id);

describe("GET /v1/users/{user_id}/recommendations", () => {
  it("answers with everything that the contract names", async () => {
    const answer = await server.ask("/v1/users/1/recommendations?k=2");
    const body = answer.json();
    expect(body).toEqual({
      request_id: answer.headers["x-request-id"],
      user_id: "1",
      surface: "for-you",
      model_version: "v0001",
      generated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      degraded: [],
      items: [expect.anything(), expect.anything()],
      next_cursor: expect.any(String),
    });
    expect(body.items[0]).toEqual({
      item_id: "5",
      rank: 1,
      score: 0.853333,
      rating_predicted: 4.4,
      title: "Aliens (1986)",
      release_year: 1986,
      genres: ["Sci-Fi"],
      reason: {
        source: "history",
        text: "because you liked Heat (1995) and Toy Story (1995)",
        because: [
          { item_id: "2", title: "Heat (1995)", weight: 0.12 },
          { item_id: "1", title: "Toy Story (1995)", weight: 0.1 },
        ],
      },
    });
  });
  it("makes its own request id, whatever the client sends", async () => {
    const headers = { "x-request-id": "mine", "request-id": "mine" };
    const ids = await Promise.all(
      [1, 2].map(async () => (await server.ask({ url: "/v1/top", headers })).json().request_id),
    );
    expect(ids[0]).not.toBe("mine");
    expect(ids[0]).not.toBe(ids[1]);
  });
  it("recommends nothing consumed to anybody", async () => {
    expect(idsOf(await of("silent"))).toHaveLength(6); // no more of the shown items are rated
    for (const userId of smallRelease.set.users.ids) {
      const found = idsOf(await of(userId, "?k=200"));
      expect(new Set(found).size).toBe(found.length);
      for (const itemId of [...consumedBy(userId), "6", "7"]) expect(found).not.toContain(itemId);
    }
  });
  it.each(["auth0|123", "YWJj/+=="])("knows the user %s from a percent-encoded path", async (userId) => {
    const body = await of(userId);
    expect([body.user_id, body.surface]).toEqual([userId, "for-you"]);
  });
  it("gives an unknown user the labelled top list", async () => {
    const body = await of("who? ⁂");
    expect([body.user_id, body.surface]).toEqual(["who? ⁂", "top"]);
    expect(idsOf(body)).toEqual(idsOf(await get("/v1/top")));
    expect(body.items[0].reason).toEqual({
      source: "top_ratings",
      text: "rated 4.5 on average by 2 viewers",
      because: [],
      facts: { rating: 4.5, count: 2 },
    });
  });
  it("filters by genre and excludes items, repeated or with commas", async () => {
    expect(idsOf(await of("1", "?genre=crime")).sort()).toEqual(["10", "8"]);
    expect(idsOf(await of("1", "?genre=Western"))).toEqual([]);
    expect(idsOf(await of("1", "?genre=crime&exclude=10"))).toEqual(["8"]);
    expect(idsOf(await of("1", "?exclude=5,3&exclude=zz")).length).toBe(7); // repeated: a comma is part of the id
    expect(idsOf(await of("1", "?exclude=5,3"))).not.toContain("3");
    expect(idsOf(await of("1", "?exclude=5&exclude=3"))).not.toContain("5");
  });
});

describe("POST /v1/recommendations/batch", () => {
  const batch = async (payload: object) => {
    const answer = await server.ask({ method: "POST", url: "/v1/recommendations/batch", payload });
    expect(answer.statusCode).toBe(200);
    return answer.json();
  };
  it("gives each user what the single route gives", async () => {
    const userIds = [...smallRelease.set.users.ids, "nobody", "1"];
    const { results } = await batch({ user_ids: userIds, k: 4 });
    expect(results).toHaveLength(userIds.length);
    for (const [at, userId] of userIds.entries()) {
      const { user_id, surface, items } = await of(userId, "?k=4");
      expect(results[at]).toEqual({ user_id, surface, items });
    }
  });
  it("takes whole numbers as ids", async () => {
    const { results } = await batch({ user_ids: [1, 2] });
    expect(results.map((result: { user_id: unknown }) => result.user_id)).toEqual(["1", "2"]);
    expect(results[0].surface).toBe("for-you");
  });
  it("fails for one user alone", async () => {
    const { results } = await batch({ user_ids: ["1", "x".repeat(129), "a\u0000b", 1.0], k: 1 });
    expect(results[0].items).toHaveLength(1);
    expect(results[1]).toEqual({
      user_id: "x".repeat(129),
      error: { code: "PARAMETER_INVALID", detail: expect.stringContaining("1..128 bytes") },
    });
    expect(results[2].error.code).toBe("PARAMETER_INVALID");
    expect(results[3].items).toEqual(results[0].items);
  });
  it("takes a thousand", async () => {
    const { results } = await batch({ user_ids: Array.from({ length: 1000 }, (_, at) => at), k: 1 });
    expect(results).toHaveLength(1000);
  });
});

describe("the catalogue", () => {
  it("lists by page", async () => {
    const seen: string[] = [];
    let url = "/v1/items?sort=title&page_size=4";
    for (;;) {
      const page = await get(url);
      seen.push(...idsOf(page));
      if (!page.next_cursor) break;
      url = `/v1/items?sort=title&page_size=4&cursor=${page.next_cursor}`;
    }
    expect(seen).toEqual(idsOf(await get("/v1/items?sort=title&page_size=200")));
    expect(seen).toHaveLength(10);
  });
  it("filters by title, genre and year", async () => {
    expect(idsOf(await get("/v1/items?query=AMELIE"))).toEqual(["3"]);
    expect(idsOf(await get("/v1/items?genre=sci-fi&year=1986"))).toEqual(["5"]);
    expect(idsOf(await get("/v1/items?sort=item_id&page_size=2"))).toEqual(["1", "2"]);
    expect(idsOf(await get("/v1/items?sort=item_id&ids=3,1,gone"))).toEqual(["1", "3"]);
    expect(idsOf(await get("/v1/items?sort=item_id&ids=tt%7C9&ids=3"))).toEqual(["3", "tt|9"]);
    const { next_cursor } = await get("/v1/items?ids=1,2&page_size=1");
    expect((await get(`/v1/items?ids=2,1&page_size=1&cursor=${next_cursor}`)).items).toHaveLength(1);
    problem(await server.ask(`/v1/items?ids=1,3&cursor=${next_cursor}`), 400, "PARAMETER_INVALID");
    problem(await server.ask(`/v1/items?ids=${Array(101).fill("1")}`), 400, "PARAMETER_INVALID");
    expect(idsOf(await get("/v1/items?page_size=1"))).toEqual(["1"]); // the most rated, of equal ones the lowest id
  });
  it("shows one item", async () => {
    expect(await get("/v1/items/1")).toEqual({
      item_id: "1",
      title: "Toy Story (1995)",
      release_year: 1995,
      genres: ["Animation", "Children's"],
      rating_count: 2,
      rating_mean: 3,
      links: { imdb: "0114709" },
    });
    expect((await get("/v1/items/YWJj%2F%2B%3D%3D")).item_id).toBe("YWJj/+==");
    expect((await get("/v1/items/%C3%A9t%C3%A9")).description).toBe("An id with accents.");
  });
  it("shows similar items", async () => {
    const body = await get("/v1/items/5/similar?k=2");
    expect(body.items).toEqual([
      {
        item_id: "4",
        rank: 1,
        score: 0.4,
        title: "Alien (1979)",
        release_year: 1979,
        genres: ["Horror", "Sci-Fi"],
        source: "audience",
        shared: { people: [], genres: ["Sci-Fi"] },
        text: "Sci-Fi",
      },
      expect.objectContaining({ item_id: "3", rank: 2 }),
    ]);
    expect([body.item_id, body.model_version]).toEqual(["5", "v0001"]);
  });
  it("shows the top list, of a genre too", async () => {
    expect(idsOf(await get("/v1/top?k=2"))).toHaveLength(2);
    expect(idsOf(await get("/v1/top?genre=Crime")).sort()).toEqual(["10", "2", "8"]);
    expect((await get("/v1/top?genre=Western")).items).toEqual([]);
  });
});

describe("operation", () => {
  it("lists releases and says which one serves", async () => {
    expect((await get("/v1/models")).items).toEqual([{ ...report, serving: true }]);
  });
  it("lets nothing out that the schema does not declare", async () => {
    const leaky = await checkedApp({ releases: async () => [{ ...report, secret: "x" } as never] });
    expect((await leaky.ask("/v1/models")).body).not.toContain("secret");
    await leaky.app.close();
  });
  it("is alive and ready", async () => {
    expect(await get("/health/live")).toEqual({ status: "live" });
    expect(await get("/health/ready")).toEqual({
      status: "ready",
      model_version: "v0001",
      dependencies: { release: { status: "ready" } },
    });
  });
  it("answers HEAD as GET without the body", async () => {
    const answer = await server.ask({ method: "HEAD", url: "/v1/top" });
    expect([answer.statusCode, answer.body]).toEqual([200, ""]);
    expect(Number(answer.headers["content-length"])).toBeGreaterThan(100);
  });
});

describe("names that older clients know", () => {
  it("/recommend_movies/{user_id}", async () => {
    const body = await get("/recommend_movies/1");
    expect(body.user_id).toBe(1);
    expect(body.recommendations[0]).toEqual({ id: 5, title: "Aliens (1986)", rating_predicted: 4.4 });
    expect(body.recommendations.map(({ id }: { id: unknown }) => id)).toContain("tt|9");
    expect((await get("/recommend_movies/auth0%7C123")).user_id).toBe("auth0|123");
    expect((await get("/recommend_movies/007")).user_id).toBe("007"); // 7 would be another id
  });
  it("/api/v1/recommendations/{user_id}", async () => {
    expect(await get("/api/v1/recommendations/1?limit=1")).toEqual({
      user_id: 1,
      count: 1,
      recommendations: [
        {
          movie_id: 5,
          score: 0.853333,
          rank: 1,
          title: "Aliens (1986)",
          release_year: 1986,
          genres: ["Sci-Fi"],
        },
      ],
    });
    const { recommendations } = await get("/api/v1/recommendations/1");
    expect(
      recommendations.find(({ movie_id }: { movie_id: unknown }) => movie_id === "tt|9").release_year,
    ).toBeNull();
  });
  it("/rec/v3/{users}", async () => {
    const { Resultado } = await get("/rec/v3/1,auth0%7C123,99");
    expect(Resultado.map(({ usuario }: { usuario: unknown }) => usuario)).toEqual([1, "auth0|123", 99]);
    expect(Resultado[0].recomedacoes.movieID[0]).toBe(5);
  });
  it("/movie/{id}", async () => {
    expect(await get("/movie/2")).toEqual({ id: 2, ...(await get("/v1/items/2")) });
  });
});
