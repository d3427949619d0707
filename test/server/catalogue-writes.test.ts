import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CatalogueEdits } from "../../src/catalogue/catalogue-edits.ts";
import { writableContext } from "../catalogue/parts.ts";
import { memoryStateStore } from "../contract/memory-state-store.ts";
import { type CheckedApp, checkedApp, problem } from "./checked-app.ts";

const store = memoryStateStore();
let server: CheckedApp;
let edits: CatalogueEdits;
beforeAll(async () => {
  const context = await writableContext(store);
  edits = context.edits;
  server = await checkedApp(context);
});
afterAll(() => server.app.close());

type Method = "PUT" | "PATCH" | "DELETE" | "POST";
const send = (method: Method, url: string, payload?: object, headers = {}) =>
  server.ask({ method, url, headers, ...(payload ? { payload } : {}) });
const written = async (method: Method, url: string, payload?: object) => {
  const answer = await send(method, url, payload);
  expect([answer.statusCode, answer.body]).toEqual([200, expect.anything()]);
  return answer.json() as { status: string; revision: number };
};
const get = async (url: string) => {
  const answer = await server.ask(url);
  expect([url, answer.statusCode]).toEqual([url, 200]);
  return answer.json();
};
const ids = async (url: string) =>
  ((await get(url)).items as { item_id: string }[]).map(({ item_id }) => item_id);

const recommended = () => ids("/v1/users/2/recommendations?k=200");
const everywhere = async () => ({
  recommended: await recommended(),
  top: await ids("/v1/top?k=200"),
  listed: await ids("/v1/items?page_size=200"),
  found: await ids("/v1/search?query=casino"),
  suggested: (await get("/v1/search/suggestions?query=casin")).suggestions as { item_id?: string }[],
  similar: await ids("/v1/items/2/similar?k=200"),
});

describe("a write is in the next answer", () => {
  it.each([
    ["withdrawn", "DELETE", undefined],
    ["hidden", "PATCH", { is_hidden: true }],
    ["expired", "PATCH", { available_until: "2020-01-01T00:00:00Z" }],
    ["not yet there", "PATCH", { available_from: "2120-01-01T00:00:00Z" }],
  ] as const)(
    "an item that is %s is gone from everything, and comes back with a PUT",
    async (_, method, body) => {
      const before = await everywhere();
      for (const list of [before.recommended, before.listed, before.found, before.similar])
        expect(list).toContain("10");
      expect(before.suggested).toContainEqual({ text: "Casino (1995)", kind: "title", item_id: "10" });
      await written(method, "/v1/items/10", body);
      const after = await everywhere();
      for (const list of [after.listed, after.found, after.similar]) expect(list).not.toContain("10");
      if (body === undefined || "is_hidden" in body) {
        expect([...after.recommended, ...after.top]).not.toContain("10");
      }
      expect(after.suggested.map(({ item_id }) => item_id)).not.toContain("10");
      problem(await server.ask("/v1/items/10"), 404, "ITEM_UNKNOWN");
      problem(await server.ask("/v1/items/10/similar"), 404, "ITEM_UNKNOWN");
      await written("PUT", "/v1/items/10", { title: "Casino (1995)", release_year: 1995, genres: ["Crime"] });
      expect(await everywhere()).toEqual(before);
    },
  );
  it("an item that could never be shown is refused, alone in a batch, and nothing of it is kept", async () => {
    const [early, late] = ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"];
    const never = { title: "Never", available_from: late, available_until: early };
    const before = await get("/v1/items/8");
    const { detail } = problem(await send("PUT", "/v1/items/8", never), 400, "BODY_INVALID");
    expect(detail).toMatch(/available_until: expected 2031\S+ \(available_from\) or later, got 2030/);
    const batch = await send("POST", "/v1/items/batch", {
      items: [
        { item_id: "8", ...never },
        { item_id: "8", title: before.title, genres: before.genres, release_year: before.release_year },
      ],
    });
    expect(batch.json().results).toMatchObject([
      { item_id: "8", status: "rejected", detail: expect.stringContaining("available_until") },
      { item_id: "8", status: "updated" },
    ]);
    // what a PATCH does not name is as it was
    await written("PATCH", "/v1/items/8", { available_until: early });
    problem(await send("PATCH", "/v1/items/8", { available_from: late }), 400, "BODY_INVALID");
    await written("PATCH", "/v1/items/8", { available_until: null, available_from: null });
  });
  it("a changed title shows at once, everywhere", async () => {
    await written("PATCH", "/v1/items/8", { title: "Fargo, again" });
    const { items } = await get("/v1/users/2/recommendations?k=200");
    expect(items.find((item: { item_id: string }) => item.item_id === "8").title).toBe("Fargo, again");
    expect((await get("/v1/items/8")).title).toBe("Fargo, again");
    expect(await ids("/v1/search?query=fargo%20again")).toEqual(["8"]);
  });
  it("a poster is in every answer that shows the item, and in none after it was taken away", async () => {
    const posters = async () => {
      const lists = ["/v1/items?page_size=200", "/v1/search?query=casino", "/v1/items/2/similar?k=200"];
      const answers = await Promise.all(lists.map(get));
      const shown = answers.map(({ items }) =>
        items.find((one: { item_id: string }) => one.item_id === "10"),
      );
      return [...shown, await get("/v1/items/10")].map(({ poster_url }) => poster_url);
    };
    expect(await posters()).toEqual([undefined, undefined, undefined, undefined]);
    const poster = "https://posters.example/casino.jpg";
    await written("PATCH", "/v1/items/10", { poster_url: poster });
    expect(await posters()).toEqual([poster, poster, poster, poster]);
    await written("PATCH", "/v1/items/10", { poster_url: null });
    expect(await posters()).toEqual([undefined, undefined, undefined, undefined]);
  });
  it("a new item is listed, found, and like others by what it is", async () => {
    const people = [{ name: "Michael Mann", role: "director" }];
    await written("PATCH", "/v1/items/2", { people });
    expect(
      (await written("PUT", "/v1/items/collateral", { title: "Collateral", genres: ["Crime"], people }))
        .status,
    ).toBe("created");
    expect(await ids("/v1/search?query=colateral")).toEqual(["collateral"]);
    expect(await ids("/v1/items?person=michael%20mann")).toEqual(["2", "collateral"]);
    const { items } = await get("/v1/items/collateral/similar?k=1");
    expect(items).toEqual([
      {
        ...{ item_id: "2", title: "Heat (1995)", release_year: 1995, genres: ["Crime"], rank: 1 },
        ...{ score: expect.any(Number), source: "content", text: "Michael Mann; Crime" },
        shared: { people, genres: ["Crime"] },
      },
    ]);
    expect((await get("/v1/people?query=mann")).items).toEqual([
      { name: "Michael Mann", roles: ["director"], item_count: 2 },
    ]);
    expect((await get("/v1/genres")).items).toContainEqual({ genre: "Crime", item_count: 4 });
  });
});

describe("writes", () => {
  it("are idempotent: the second of two equal ones changes nothing", async () => {
    const body = { title: "Once", features: { b: 1, a: "x" } };
    const first = await written("PUT", "/v1/items/once", body);
    const again = await written("PUT", "/v1/items/once", { features: { a: "x", b: 1 }, title: "Once" });
    expect([first.status, again.status]).toEqual(["created", "unchanged"]);
    expect(again.revision).toBe(first.revision);
    await written("DELETE", "/v1/items/once");
    expect((await written("DELETE", "/v1/items/once")).status).toBe("unchanged");
    problem(await send("PATCH", "/v1/items/once", { title: "Twice" }), 404, "ITEM_UNKNOWN");
    expect((await written("PUT", "/v1/items/once", body)).status).toBe("created");
  });
  it("of a part keep the rest; null takes a field away", async () => {
    await written("PUT", "/v1/items/part", {
      title: "Part",
      description: "Words",
      language: "en",
      countries: ["DE"],
    });
    await written("PATCH", "/v1/items/part", { description: null, countries: [] });
    expect(await get("/v1/items/part")).toEqual({
      ...{ item_id: "part", title: "Part", genres: [], language: "en", rating_count: 0, links: {} },
    });
  });
  it("of links replace those of the source; without them these stay", async () => {
    const links = async () => (await get("/v1/items/1")).links;
    const before = await links();
    expect(before).toEqual({ imdb: "0114709" });
    await written("PATCH", "/v1/items/1", { description: "x" });
    expect(await links()).toEqual(before);
    const more = { imdb: "0114709", site: "https://film.example/a?b=c" };
    await written("PATCH", "/v1/items/1", { links: more });
    expect(await links()).toEqual(more);
    await written("PATCH", "/v1/items/1", { links: null });
    expect(await links()).toEqual({});
    await written("PATCH", "/v1/items/1", { links: before });
  });
  it("are refused where somebody wrote in between", async () => {
    await written("PUT", "/v1/items/race", { title: "A" });
    const { headers } = await server.ask("/v1/items/race");
    expect(headers["etag"]).toBe('"1"');
    const ifMatch = { "if-match": headers["etag"] };
    expect((await send("PATCH", "/v1/items/race", { title: "B" }, ifMatch)).statusCode).toBe(200);
    problem(await send("PATCH", "/v1/items/race", { title: "C" }, ifMatch), 412, "EDIT_CONFLICT");
    problem(
      await send("PATCH", "/v1/items/race", { title: "C" }, { "if-match": "three" }),
      400,
      "PARAMETER_INVALID",
    );
    expect((await get("/v1/items/race")).title).toBe("B");
  });
  it("that come at once lose nothing", async () => {
    await written("PUT", "/v1/items/many", { title: "Many" });
    const fields = ["description", "language"];
    await Promise.all(fields.map((name) => written("PATCH", "/v1/items/many", { [name]: "x" })));
    expect(await get("/v1/items/many")).toMatchObject({ description: "x", language: "x" });
  });
  it("are answered only when they are durable, and not taken otherwise", async () => {
    store.fails = true;
    expect((await send("PUT", "/v1/items/lost", { title: "Lost" })).statusCode).toBe(500);
    store.fails = false;
    problem(await server.ask("/v1/items/lost"), 404, "ITEM_UNKNOWN");
    expect((await written("PUT", "/v1/items/lost", { title: "Found" })).status).toBe("created");
  });
  it("outlive a restart", async () => {
    const again = await checkedApp(await writableContext(store));
    for (const url of ["/v1/items/lost", "/v1/items/8", "/v1/items/collateral"])
      expect((await again.ask(url)).json()).toEqual((await server.ask(url)).json());
    await again.app.close();
  });
  it.each([
    ["no title", { genres: [] }, "title"],
    ["a title of 501 characters", { title: "x".repeat(501) }, "title"],
    ["an empty title", { title: "" }, "title"],
    ["a control character", { title: "a\u0000b" }, "title"],
    ["an unknown field", { title: "x", genre: [] }, "genre"],
    ["51 genres", { title: "x", genres: Array(51).fill("a") }, "genres"],
    ["a person without a role", { title: "x", people: [{ name: "A" }] }, "people[0].role"],
    ["a script as poster", { title: "x", poster_url: "javascript:alert(1)" }, "poster_url"],
    ["no country", { title: "x", countries: ["Germany"] }, "countries[0]"],
    ["a day as a time", { title: "x", available_from: "2020-01-01" }, "available_from"],
    ["a list of features", { title: "x", features: ["a"] }, "features"],
    ["a link of another scheme", { title: "x", links: { site: "javascript:alert(1)" } }, "links.site"],
    [
      "101 features",
      { title: "x", features: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`f${at}`, 1])) },
      "features",
    ],
    [
      "a feature with a name of 65 characters",
      { title: "x", features: { ["n".repeat(65)]: 1 } },
      `features.${"n".repeat(65)}`,
    ],
    ["a link to a name with blanks", { title: "x", links: { "my site": "1" } }, "links.my site"],
    ["a link that is not encrypted", { title: "x", links: { site: "http://a.example" } }, "links.site"],
    [
      "a link of 2,049 characters",
      { title: "x", links: { site: `https://${"a".repeat(2041)}` } },
      "links.site",
    ],
    [
      "21 links",
      { title: "x", links: Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`s${at}`, "1"])) },
      "links",
    ],
  ])("with %s are refused, with the field", async (_, body, field) => {
    const { errors } = problem(await send("PUT", "/v1/items/bad", body), 400, "BODY_INVALID");
    expect(errors?.map((error) => error.field)).toEqual([field]);
  });
  it("of nothing, of an unknown item, and of a wrong id are refused", async () => {
    problem(await send("PATCH", "/v1/items/1", {}), 400, "BODY_INVALID");
    problem(await send("PATCH", "/v1/items/nobody", { title: "x" }), 404, "ITEM_UNKNOWN");
    problem(await send("DELETE", "/v1/items/nobody"), 404, "ITEM_UNKNOWN");
    problem(await send("PATCH", "/v1/items/6", { title: "x" }), 404, "ITEM_UNKNOWN"); // a placeholder
    problem(await send("PUT", `/v1/items/${"x".repeat(129)}`, { title: "x" }), 400, "PARAMETER_INVALID");
  });
  it("need the server that owns the home", async () => {
    const reader = await checkedApp();
    const writes: [Method, string, object | undefined][] = [
      ["PUT", "/v1/items/1", { title: "x" }],
      ["PATCH", "/v1/items/1", { title: "x" }],
      ["DELETE", "/v1/items/1", undefined],
      ["POST", "/v1/items/batch", { items: [{ item_id: "1", title: "x" }] }],
      ["PUT", "/v1/users/1", {}],
    ];
    for (const [method, url, payload] of writes) {
      problem(await reader.ask({ method, url, ...(payload ? { payload } : {}) }), 503, "NOT_READY");
    }
    await reader.app.close();
  });
});

describe("text of any kind is data", () => {
  it.each([
    ["SQL", "'; DROP TABLE silver_items; --"],
    ["markup", "<script>alert(1)</script>"],
    ["a template", ["$", "{7*7} {{7*7}} #{7*7}"].join("")],
    ["right to left", "\u202eevil \u05e9\u05dc\u05d5\u05dd"],
    ["a path", "../../etc/passwd"],
    ["names of JavaScript", "__proto__"],
    ["an emoji", "👩‍👩‍👧 film"],
    ["half a pair", "a\ud800b"],
  ])("%s comes back as it was written", async (_, text) => {
    const shown = Buffer.from(text).toString();
    const body = {
      ...{ title: text, description: text, genres: [text], language: text.slice(0, 35) },
      ...{ people: [{ name: text, role: text }], features: { note: text } },
    };
    await written("PUT", "/v1/items/text", body);
    const whole = {
      title: shown,
      description: shown,
      genres: [shown],
      people: [{ name: shown, role: shown }],
    };
    expect(await get("/v1/items/text")).toMatchObject({ ...whole, features: { note: shown } });
    expect((await get("/v1/items/text/similar?k=1")).item_id).toBe("text");
    const query = encodeURIComponent(shown);
    for (const url of [
      `/v1/search?query=${query}`,
      `/v1/items?query=${query}`,
      `/v1/search/suggestions?query=${query}`,
    ])
      await get(url);
    expect(await ids(`/v1/items?genre=${query}`)).toEqual(["text"]);
    expect(await ids(`/v1/items?person=${query}`)).toEqual(["text"]);
    await written("DELETE", "/v1/items/text");
  });
});

describe("a batch", () => {
  it("has one status each; a wrong item is rejected alone", async () => {
    const items = [
      { item_id: 501, title: "Number" },
      { item_id: "502" },
      { item_id: "", title: "x" },
      { item_id: "501", title: "Number, again" },
      "no object",
      { item_id: "1", title: "Toy Story" },
      { item_id: "1", title: "Toy Story" },
    ];
    const { results } = (await send("POST", "/v1/items/batch", { items })).json();
    expect(results.map(({ status }: { status: string }) => status)).toEqual([
      ...["created", "rejected", "rejected", "updated", "rejected", "updated", "unchanged"],
    ]);
    expect(results[1]).toEqual({
      item_id: "502",
      status: "rejected",
      detail: "title: expected a text of 1..500 characters, got nothing",
    });
    expect((await get("/v1/items/501")).title).toBe("Number, again");
    expect(edits.item("501")?.revision).toBe(2);
  });
  it("withdraws items too, in the order of its entries", async () => {
    const gone = (item_id: string) => ({ item_id, delete: true });
    const items = [
      gone("601"),
      { item_id: "601", title: "Made" },
      gone("601"),
      gone("601"),
      { item_id: "602", title: "Kept" },
      { item_id: "602", title: "x", delete: true },
      { item_id: "602", delete: false },
      gone("nobody"),
      { item_id: "601", title: "Back" },
    ];
    const { results } = (await send("POST", "/v1/items/batch", { items })).json();
    expect(results.map(({ status }: { status: string }) => status)).toEqual([
      ...[
        "rejected",
        "created",
        "deleted",
        "unchanged",
        "created",
        "rejected",
        "rejected",
        "rejected",
        "created",
      ],
    ]);
    expect(results[7].detail).toBe('item_id: expected an item of the catalogue, got "nobody"');
    expect((await get("/v1/items/601")).title).toBe("Back");
    expect((await send("POST", "/v1/items/batch", { items: [gone("601")] })).json().results).toMatchObject([
      { item_id: "601", status: "deleted" },
    ]);
    problem(await server.ask("/v1/items/601"), 404, "ITEM_UNKNOWN");
  });
  it.each([[{ items: [] }], [{ items: Array(1001).fill({}) }], [{}], [{ items: {} }]])(
    "of another shape is refused as a whole",
    async (body) => {
      problem(await send("POST", "/v1/items/batch", body), 400, "BODY_INVALID");
    },
  );
});

describe("users", () => {
  it("have features and a country; a part keeps the rest", async () => {
    const user = { features: { age: "25-34", city: "Köln" }, country: "DE" };
    expect(await written("PUT", "/v1/users/ann", user)).toMatchObject({
      ...user,
      user_id: "ann",
      status: "created",
    });
    expect(await written("PATCH", "/v1/users/ann", { features: { age: null, mood: "calm" } })).toMatchObject({
      features: { city: "Köln", mood: "calm" },
      country: "DE",
      status: "updated",
      revision: 2,
    });
    expect((await written("PUT", "/v1/users/ann", { country: "FR" })).status).toBe("updated");
    expect(edits.user("ann")?.fields).toEqual({ country: "FR" });
  });
  it.each([
    [{ country: "de" }],
    [{ features: { a: 1 } }],
    [{ features: { "a\u0000": "b" } }],
    [{ name: "Ann" }],
  ])("%j is refused", async (body) => {
    problem(await send("PUT", "/v1/users/ann", body), 400, "BODY_INVALID");
  });
});

describe("audience", () => {
  it("is withheld where the group is small, and names nobody who has consumed the item", async () => {
    expect(await get("/v1/items/5/audience")).toMatchObject({ is_withheld: true, group_min: 10, users: [] });
    const small = await checkedApp({ ...(await writableContext()), audienceMin: 1 });
    const { users } = (await small.ask("/v1/items/5/audience")).json();
    const named = users.map((one: { user_id: string }) => one.user_id);
    expect(named).not.toContain("2"); // rated it
    expect(named.length).toBeGreaterThan(0);
    const scores = users.map((one: { score: number }) => one.score);
    expect(scores).toEqual([...scores].sort((left, right) => right - left));
    problem(await small.ask("/v1/items/nobody/audience"), 404, "ITEM_UNKNOWN");
    await small.app.close();
  });
});
