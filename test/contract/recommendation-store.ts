import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Edition, RecommendationStore, StoredList } from "../../src/stores/recommendation-store.ts";

/** A kind of store: how one is made, and how the same one is opened again after `close`. */
export interface RecommendationStoreKind {
  readonly name: string;
  /** Opens the store of the running test: an empty one at the first call, the same one later. */
  open(now: () => number): Promise<RecommendationStore>;
  /** Removes what the test left behind. */
  forget(): Promise<void>;
  /** Whether lists outlive `close`. */
  readonly isDurable: boolean;
}

const startMs = Date.parse("2026-01-02T03:04:05Z");
const hourMs = 3600_000;

const edition = (name: string, more: Partial<Edition> = {}): Edition => ({
  ...{ name, modelVersion: name.slice(0, 5), computedAtMs: startMs, expiresAtMs: startMs + hourMs },
  ...{ k: 10, users: 2, items: 1 },
  ...more,
});
const list = (userId: string, ...itemIds: string[]): StoredList => ({
  userId,
  surface: "for-you",
  items: itemIds.map((itemId, at) => ({
    itemId,
    score: 1 / (at + 1),
    ...(at === 0 ? { ratingPredicted: 4.25 } : {}),
    reason: { source: "history", text: `because “${itemId}”`, because: [{ itemId: "é", weight: 0.5 }] },
  })),
});
const audience = (itemId: string, ...userIds: string[]) => ({
  itemId,
  users: userIds.map((userId, at) => ({ userId, score: 3 - at })),
});

/** What every recommendation store obeys. */
export function recommendationStoreContract(kind: RecommendationStoreKind): void {
  describe(`${kind.name} as a recommendation store`, () => {
    let store: RecommendationStore;
    let nowMs: number;
    beforeEach(async () => {
      nowMs = startMs;
      store = await kind.open(() => nowMs);
    });
    afterEach(async () => {
      await store.close();
      await kind.forget();
    });
    const itemsOf = async (userId: string) =>
      (await store.listOf(userId))?.list.items.map(({ itemId }) => itemId);

    it("is empty at first, and has nothing to withdraw or to sweep", async () => {
      expect(await store.current()).toBeUndefined();
      expect(await store.listOf("1")).toBeUndefined();
      expect(await store.audienceOf("a")).toBeUndefined();
      await store.publish(undefined);
      expect(await store.sweep()).toBe(0);
    });

    it("gives lists and audiences as they were put, whatever the ids", async () => {
      const ids = ["1", "auth0|1", "YWJj/+==", "été", "\u{1F600}", "x".repeat(128), "u/1", "i/1"];
      for (const id of ids) {
        await store.put("v0001-1", { users: [list(id, "a", id)], items: [audience(id, "1", id)] });
      }
      await store.publish(edition("v0001-1"));
      for (const id of ids) {
        expect(await store.listOf(id)).toEqual({ edition: edition("v0001-1"), list: list(id, "a", id) });
        expect((await store.audienceOf(id))?.audience).toEqual(audience(id, "1", id));
      }
      expect(await store.listOf("2")).toBeUndefined();
      expect(await store.current()).toEqual(edition("v0001-1"));
    });

    it("holds empty lists, and of two lists of one user the later", async () => {
      await store.put("v0001-1", { users: [list("1", "a"), list("2")] });
      await store.put("v0001-1", { users: [list("1", "b")] });
      await store.put("v0001-1", {});
      await store.publish(edition("v0001-1"));
      expect([await itemsOf("1"), await itemsOf("2")]).toEqual([["b"], []]);
    });

    it("shows nothing of an edition before it is published, and nothing of the one before after", async () => {
      await store.put("v0001-1", {
        users: [list("1", "old"), list("2", "old")],
        items: [audience("a", "1")],
      });
      await store.publish(edition("v0001-1"));
      await store.put("v0002-1", { users: [list("1", "new"), list("3", "new")] });
      expect([await itemsOf("1"), await itemsOf("2"), await itemsOf("3")]).toEqual([
        ["old"],
        ["old"],
        undefined,
      ]);
      await store.publish(edition("v0002-1"));
      expect([await itemsOf("1"), await itemsOf("2"), await itemsOf("3")]).toEqual([
        ["new"],
        undefined,
        ["new"],
      ]);
      expect(await store.audienceOf("a")).toBeUndefined();
    });

    it("switches at once: who reads meanwhile meets one edition or the other, with its own lists", async () => {
      const names = ["v0001-1", "v0001-2", "v0002-1", "v0002-2"];
      for (const name of names) {
        await store.put(name, { users: [list("1", name)], items: [audience("a", name)] });
      }
      await store.publish(edition("v0001-1"));
      let isOver = false;
      const seen = new Set<string>();
      const reading = (async () => {
        while (!isOver) {
          const [one, other] = await Promise.all([store.listOf("1"), store.audienceOf("a")]);
          expect(one?.list.items[0]?.itemId).toBe(one?.edition.name);
          expect(other?.audience.users[0]?.userId).toBe(other?.edition.name);
          seen.add(String(one?.edition.name));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      for (let round = 0; round < 5; round++) {
        for (const name of names) {
          await store.publish(edition(name));
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      isOver = true;
      await reading;
      expect(seen.size).toBeGreaterThan(1);
    });

    it("expires at its moment, not before", async () => {
      await store.put("v0001-1", { users: [list("1", "a")], items: [audience("a", "1")] });
      await store.publish(edition("v0001-1"));
      nowMs = startMs + hourMs - 1;
      expect(await itemsOf("1")).toEqual(["a"]);
      nowMs++;
      expect(await store.current()).toBeUndefined();
      expect(await store.listOf("1")).toBeUndefined();
      expect(await store.audienceOf("a")).toBeUndefined();
      expect(await store.sweep()).toBe(1);
    });

    it("withdraws what is read", async () => {
      await store.put("v0001-1", { users: [list("1", "a")] });
      await store.publish(edition("v0001-1"));
      await store.publish(undefined);
      expect(await store.current()).toBeUndefined();
      expect(await store.listOf("1")).toBeUndefined();
    });

    it("sweeps what nobody reads, and nothing else", async () => {
      const many = Array.from({ length: 2500 }, (_, user) => list(`u${user}`, "a"));
      for (const name of ["v0001-1", "v0001-10", "v0001-2", "v0001"]) await store.put(name, { users: many });
      await store.publish(edition("v0001-1"));
      expect(await store.sweep()).toBe(3);
      expect(await itemsOf("u2499")).toEqual(["a"]);
      await store.publish(edition("v0001-10"));
      expect(await store.listOf("u0")).toBeUndefined();
      expect(await store.sweep()).toBe(1);
      expect(await store.sweep()).toBe(0);
    }, 60_000);

    it.each(["", "v0001/1", "x".repeat(65), "v 1"])("refuses the name %j of an edition", async (name) => {
      await expect(store.put(name, { users: [list("1", "a")] })).rejects.toMatchObject({
        code: "PARAMETER_INVALID",
      });
      await expect(store.publish(edition(name))).rejects.toMatchObject({ code: "PARAMETER_INVALID" });
    });

    it("says when it is closed", async () => {
      await store.close();
      await expect(store.listOf("1")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await expect(store.put("v0001-1", { users: [list("1")] })).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
      });
      store = await kind.open(() => nowMs);
    });

    it.runIf(kind.isDurable)(
      "gives the same lists when it is opened again, and half an edition to nobody",
      async () => {
        await store.put("v0001-1", { users: [list("1", "old")] });
        await store.publish(edition("v0001-1"));
        await store.put("v0002-1", { users: [list("1", "half")] });
        await store.close();
        store = await kind.open(() => nowMs);
        expect(await itemsOf("1")).toEqual(["old"]);
        expect(await store.sweep()).toBe(1);
        expect(await itemsOf("1")).toEqual(["old"]);
      },
    );
  });
}
