import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pagedItemsMax, readListCursor, writeListCursor } from "../../src/recommend/list-cursor.ts";

const key = new Uint8Array(32).fill(7);
const of = { listing: "mine", key, nowMs: 1_700_000_000_000 };
const hashes = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: pagedItemsMax });

describe("the cursor of a list", () => {
  it("brings back what was shown, within 8 KiB", () => {
    fc.assert(
      fc.property(hashes, (shown) => {
        const cursor = writeListCursor(shown, of);
        expect(readListCursor(cursor, of)).toEqual([...shown].sort((left, right) => left - right));
        expect(cursor.length).toBeLessThanOrEqual(8192);
        expect(cursor).toMatch(/^[\w-]+$/);
      }),
    );
  });
  it("is refused with any character changed, with another key, for another listing, and after a day", () => {
    const cursor = writeListCursor([1, 2, 300, 2 ** 32 - 1], of);
    for (let at = 0; at < cursor.length; at++) {
      const other = cursor[at] === "A" ? "B" : "A";
      const altered = cursor.slice(0, at) + other + cursor.slice(at + 1);
      expect(() => readListCursor(altered, of)).toThrow("cursor: expected the next_cursor");
    }
    expect(() => readListCursor(cursor, { ...of, key: new Uint8Array(32) })).toThrow("another server");
    expect(() => readListCursor(cursor, { ...of, listing: "other" })).toThrow("somebody else");
    expect(() => readListCursor(cursor, { ...of, nowMs: of.nowMs + 86_402_000 })).toThrow("older than a day");
    expect(readListCursor(cursor, { ...of, nowMs: of.nowMs + 86_000_000 })).toHaveLength(4);
  });
  it("refuses any other text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(() => readListCursor(text, of)).toThrow("cursor: expected the next_cursor");
      }),
    );
  });
});
