import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/data/random.ts";
import type { StateChange, StateStore } from "../../src/stores/state-store.ts";

/** A kind of store: how one is made, and how the same one is opened again after `close`. */
export interface StateStoreKind {
  readonly name: string;
  /** Opens the store of the running test: an empty one at the first call, the same one later. */
  open(): Promise<StateStore>;
  /** Removes what the test left behind. */
  forget(): Promise<void>;
  /** Whether entries outlive `close`. */
  readonly isDurable: boolean;
}

const bytes = (text: string) => Buffer.from(text);
const texts = (entries: readonly (readonly [string, Uint8Array])[]) =>
  entries.map(([key, value]) => [key, Buffer.from(value).toString()]);

/** What every state store obeys. */
export function stateStoreContract(kind: StateStoreKind): void {
  describe(`${kind.name} as a state store`, () => {
    let store: StateStore;
    beforeEach(async () => {
      store = await kind.open();
    });
    afterEach(async () => {
      await store.close();
      await kind.forget();
    });

    it("gives what was written, in the order that was asked, and undefined for what is not there", async () => {
      await store.write([
        ["a", bytes("1")],
        ["b", bytes("")],
      ]);
      const [b, missing, a] = await store.get(["b", "c", "a"]);
      expect(Buffer.from(b!).toString()).toBe("");
      expect(missing).toBeUndefined();
      expect(Buffer.from(a!).toString()).toBe("1");
      expect(await store.get([])).toEqual([]);
    });

    it("replaces and removes; of two changes of one key the later counts", async () => {
      await store.write([
        ["a", bytes("1")],
        ["b", bytes("1")],
        ["a", bytes("2")],
      ]);
      await store.write([
        ["b", undefined],
        ["never", undefined],
        ["c", bytes("3")],
        ["c", undefined],
      ]);
      expect(texts(await store.range({ from: "a", to: "z" }))).toEqual([["a", "2"]]);
    });

    it("orders keys by their UTF-8 bytes, not by UTF-16 units", async () => {
      const keys = ["b", "a/10", "a/2", "é", "\u{1F600}", "\uffee", "B", "a"];
      await store.write(keys.map((key) => [key, bytes(key)]));
      const sorted = [...keys].sort((one, other) => Buffer.compare(bytes(one), bytes(other)));
      const found = await store.range({ from: "", to: "\u{10FFFF}" });
      expect(found.map(([key]) => key)).toEqual(sorted);
    });

    it("ranges from inclusive to exclusive, limited, both ways", async () => {
      await store.write(["a", "b", "c", "d"].map((key) => [key, bytes(key)]));
      const keys = async (options: Parameters<StateStore["range"]>[0]) =>
        (await store.range(options)).map(([key]) => key).join("");
      expect(await keys({ from: "b", to: "d" })).toBe("bc");
      expect(await keys({ from: "b", to: "d", reverse: true })).toBe("cb");
      expect(await keys({ from: "a", to: "z", limit: 2 })).toBe("ab");
      expect(await keys({ from: "a", to: "z", limit: 2, reverse: true })).toBe("dc");
      expect(await keys({ from: "aa", to: "cc" })).toBe("bc");
      expect(await keys({ from: "aa", to: "cc", reverse: true })).toBe("cb");
      expect(await keys({ from: "c", to: "c" })).toBe("");
      expect(await keys({ from: "d", to: "a" })).toBe("");
      expect(await keys({ from: "", to: "b" })).toBe("a");
      expect(await keys({ from: "a", to: "z", limit: 0 })).toBe("");
    });

    it("refuses keys that it could not keep, and then writes nothing of the call", async () => {
      for (const key of ["", "x".repeat(1901), "é".repeat(951)]) {
        const change: StateChange[] = [
          ["fine", bytes("1")],
          [key, bytes("1")],
        ];
        await expect(store.write(change)).rejects.toMatchObject({ code: "PARAMETER_INVALID" });
        await expect(store.get([key])).rejects.toMatchObject({ code: "PARAMETER_INVALID" });
      }
      await expect(store.write([["fine", "text" as never]])).rejects.toMatchObject({
        code: "PARAMETER_INVALID",
      });
      expect(await store.get(["fine"])).toEqual([undefined]);
      await store.write([["x".repeat(1900), bytes("longest")]]);
      expect(texts(await store.range({ from: "x", to: "y" }))[0]?.[1]).toBe("longest");
    });

    it("keeps large values and their exact bytes", async () => {
      const large = Buffer.alloc(300_000, 7);
      await store.write([["large", large]]);
      const [found] = await store.get(["large"]);
      expect(Buffer.compare(found!, large)).toBe(0);
      const [[, ranged] = []] = await store.range({ from: "l", to: "m" });
      expect(Buffer.compare(ranged!, large)).toBe(0);
    });

    it("does writes in the order of their calls, large ones too", async () => {
      const changes = (count: number, text: string) =>
        Array.from({ length: count }, (_, at): StateChange => [`key ${at}`, bytes(text)]);
      await Promise.all([
        store.write(changes(5, "first")),
        store.write(changes(9000, "second")),
        store.write(changes(4, "third")),
        store.write(changes(8000, "fourth")),
        store.write([["key 1", undefined]]),
      ]);
      const found = texts(await store.range({ from: "key ", to: "key!" }));
      expect(found).toHaveLength(8999);
      const counts = found.reduce<Record<string, number>>((sum, [, text]) => {
        sum[text as string] = (sum[text as string] ?? 0) + 1;
        return sum;
      }, {});
      expect(counts).toEqual({ second: 1000, fourth: 7999 });
    });

    it("takes many writes at once, each whole", async () => {
      await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          store.write([
            [`one/${at}`, bytes(`${at}`)],
            [`two/${at}`, bytes(`${at}`)],
          ]),
        ),
      );
      expect(await store.range({ from: "one/", to: "one0" })).toHaveLength(50);
      expect(await store.range({ from: "two/", to: "two0" })).toHaveLength(50);
    });

    it("answers as a sorted map does, over 2,000 seeded changes", async () => {
      const random = seededRandom(5);
      const expected = new Map<string, string>();
      for (let round = 0; round < 40; round++) {
        const changes = Array.from({ length: 50 }, (): StateChange => {
          const key = `k${random.below(300)}`;
          return [key, random.below(4) === 0 ? undefined : bytes(`${random.below(1e6)}`)];
        });
        for (const [key, value] of changes) {
          if (value) expected.set(key, Buffer.from(value).toString());
          else expected.delete(key);
        }
        await store.write(changes);
        const [one, other] = [`k${random.below(300)}`, `k${random.below(300)}`].sort() as [string, string];
        const within = [...expected]
          .filter(([key]) => key >= one && key < other)
          .sort(([a], [b]) => (a < b ? -1 : 1));
        const reverse = round % 2 === 1;
        if (reverse) within.reverse();
        expect(texts(await store.range({ from: one, to: other, limit: 20, reverse }))).toEqual(
          within.slice(0, 20),
        );
      }
    });

    it("is closed after close: every call is refused with its code", async () => {
      await store.write([["a", bytes("1")]]);
      await store.close();
      await expect(store.get(["a"])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await expect(store.write([["a", bytes("2")]])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await expect(store.range({ from: "a", to: "b" })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      store = await kind.open();
      if (kind.isDurable) expect(texts(await store.range({ from: "a", to: "b" }))).toEqual([["a", "1"]]);
    });
  });
}
