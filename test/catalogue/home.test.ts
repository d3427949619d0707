import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HomeRequest } from "../../src/app-of-home.ts";
import { loadConfiguration } from "../../src/home/configuration.ts";
import { openReader, openUsher, type Usher, type UsherReader } from "../../src/usher.ts";

let home: string;
let usher: Usher;
const quiet = async () => {
  const { values } = await loadConfiguration({ home, environment: {} });
  return { ...values, log_level: "silent" as const };
};
const open = async () => {
  usher = await openUsher({ home, configuration: await quiet() });
  await usher.serve();
  expect(await usher.openLiving()).toBeUndefined();
};
const location = fileURLToPath(new URL("../../examples/books", import.meta.url));
const train = async () => {
  await usher.buildLake();
  await usher.train({ algorithms: ["popularity", "item-knn", "biased-mf"] });
  await usher.serve();
};
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "usher-catalogue-"));
  await open();
  await usher.importSource({ source: "csv", location });
  await train();
}, 300_000);
afterAll(async () => {
  await usher.close();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

interface Body {
  title: string;
  items: { item_id: string; title: string }[];
}
const ask = async (request: string | HomeRequest, of: UsherReader = usher) => (await of.ask(request)) as Body;
const post = (items: object[]) => ask({ path: "/v1/items/batch", method: "POST", body: { items } });
const listed = async () =>
  (await ask("/v1/items?page_size=200&sort=item_id")).items.map(({ item_id, title }) => [item_id, title]);

describe("a home whose catalogue was written to", () => {
  it("has the same after a restart, beside its owner, after a build and a training, and after another import", async () => {
    await post([
      { item_id: "book:b02", title: "Emma, a novel", genres: ["Romance"] },
      { item_id: "book:new", title: "A new book", genres: ["Crime"] },
      { item_id: "book:b03", title: "Persuasion", is_hidden: true },
    ]);
    const written = await listed();
    expect(written).toContainEqual(["book:b02", "Emma, a novel"]);
    expect(written).toContainEqual(["book:new", "A new book"]);
    expect(written.map(([id]) => id)).not.toContain("book:b03");
    expect(written).toHaveLength(40);

    await usher.close();
    await open();
    expect(await listed()).toEqual(written);
    const reader = await openReader({ home, configuration: await quiet() });
    await reader.serve();
    expect((await ask("/v1/items/book:b02", reader)).title).toBe("Emma, a novel");
    await reader.close();

    await train();
    expect(await listed()).toEqual(written);
    const { items } = await ask("/v1/users/reader01/recommendations?k=200");
    expect(items.map(({ item_id }) => item_id)).not.toContain("book:b03");
    await usher.importSource({ source: "csv", location });
    await train();
    expect(await listed()).toEqual(written);
  }, 300_000);
});
