import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CheckedApp, checkedApp } from "./checked-app.ts";

let server: CheckedApp;
beforeAll(async () => {
  server = await checkedApp();
});
afterAll(() => server.app.close());

const odd = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 200 }),
  fc.constantFrom(
    "..",
    ".",
    "%2e%2e",
    "__proto__",
    "constructor",
    "\u202e",
    "\u0000",
    "NaN",
    "-1",
    "1e309",
    "9".repeat(40),
  ),
);
/** A lone surrogate has no UTF-8, so no client can send it. */
const encoded = (text: string) => encodeURIComponent(Buffer.from(text).toString());
const names = fc.constantFrom(
  "k",
  "genre",
  "exclude",
  "query",
  "year",
  "sort",
  "page_size",
  "cursor",
  "limit",
  "x",
);
const query = fc
  .array(fc.tuple(fc.oneof(names, odd), odd), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join("&"));
const route = fc.constantFrom(
  "/v1/users/*/recommendations",
  "/v1/items",
  "/v1/items/*",
  "/v1/items/*/similar",
  "/v1/top",
  "/recommend_movies/*",
  "/api/v1/recommendations/*",
  "/rec/v3/*",
  "/movie/*",
);
const fine = (status: number) => expect(status).toBeLessThan(500);

it("no id or query makes the server fail, and each answer fits its schema", async () => {
  await fc.assert(
    fc.asyncProperty(route, odd, query, async (path, id, text) => {
      fine((await server.ask(`${path.replace("*", encoded(id))}?${text}`)).statusCode);
    }),
    { numRuns: 800 },
  );
  expect([...server.seen].some((seen) => seen.endsWith("200"))).toBe(true);
}, 60_000);

it("no undecoded path makes the server fail", async () => {
  const piece = fc.stringMatching(/^[!-~]{0,30}$/).filter((text) => !text.includes("#"));
  await fc.assert(
    fc.asyncProperty(route, piece, async (path, text) => {
      fine((await server.ask(`${path.replace("*", text)}`)).statusCode);
    }),
    { numRuns: 300 },
  );
});

it("no JSON body makes the server fail", async () => {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record({
        user_ids: fc.array(fc.oneof(odd, fc.integer(), fc.double())),
        k: fc.oneof(fc.integer(), odd),
      })
      .map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(body, async (payload) => {
      const headers = { "content-type": "application/json" };
      fine(
        (await server.ask({ method: "POST", url: "/v1/recommendations/batch", payload, headers })).statusCode,
      );
    }),
    { numRuns: 300 },
  );
});
