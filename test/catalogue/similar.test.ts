import { describe, expect, it } from "vitest";
import type { ItemEdit } from "../../src/catalogue/item-edit.ts";
import { builtInPlans } from "../../src/recommend/plan.ts";
import { servingOf } from "../../src/server/context.ts";
import { popularRanker, smallCatalogue, smallRelease } from "../recommend/small-release.ts";
import { editOf } from "./parts.ts";

const viewpoint = { nowMs: Date.parse("2026-01-01T00:00:00Z") };
const idsOf = (found: readonly { item: { itemId: string } }[]) => found.map(({ item }) => item.itemId);
const serving = (ranker = smallRelease.ranker, edits: readonly ItemEdit[] = []) =>
  servingOf({
    release: { ...smallRelease, ranker },
    catalogue: smallCatalogue,
    edits: { items: () => edits },
  });
const added = editOf("collateral", {
  is_whole: true,
  fields: { title: "Collateral", genres: ["Crime"], release_year: 1996 },
});

describe("similar items", () => {
  it("are the nearest that are shown by the model, without the item itself", () => {
    const found = serving().items.similar({ itemId: "5", k: 4 }, viewpoint);
    expect(idsOf(found)).toEqual(["4", "3", "2", "8"]); // at distance 1, 2, 3 and 3; two at distance 1 and 2 are not shown
    expect(found.map(({ rank, source }) => [rank, source])).toEqual(
      [1, 2, 3, 4].map((at) => [at, "audience"]),
    );
  });

  it.each(["zzz", "6", "7"])("are refused for the item %s, which nobody is shown", (itemId) => {
    expect(() => serving().items.similar({ itemId, k: 3 }, viewpoint)).toThrow(
      expect.objectContaining({ code: "ITEM_UNKNOWN", message: expect.stringContaining(itemId) }),
    );
  });

  it("leave out what has nothing in common with the item, by the model and by what is known", () => {
    const { items } = serving(popularRanker);
    expect(idsOf(items.similar({ itemId: "3", k: 9 }, viewpoint))).toEqual([]);
    expect(idsOf(items.similar({ itemId: "5", k: 9 }, viewpoint))).toEqual(["4"]);
  });

  it("of an item that no model knows are those that the surface about it shows", () => {
    const { items, recommender } = serving(smallRelease.ranker, [added]);
    const found = items.similar({ itemId: "collateral", k: 5 }, viewpoint);
    expect(idsOf(found).slice(0, 3)).toEqual(["2", "8", "10"]); // the same genre and decade
    const plan = builtInPlans.get("because-you-watched");
    const about = recommender.recommend({ k: 5, about: "collateral", plan, nowMs: viewpoint.nowMs });
    expect(idsOf(about.items)).toEqual(idsOf(found));
  });
});
