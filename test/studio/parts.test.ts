import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { UsherEvent } from "../../src/contracts/events.ts";
import { coverArt } from "../../studio/src/design/cover-art.ts";
import { titleOf } from "../../studio/src/design/title.ts";
import { eventReader } from "../../studio/src/live/event-stream.ts";
import { stubBrowser } from "./browser-globals.ts";

describe("a stream of events", () => {
  const text =
    'retry: 2000\nid: a-0\nevent: hello\ndata: {"missed":false}\n\n:\n\nid: a-1\nevent: profile\ndata: {"user_id":"é"}\n\n';
  const whole = [
    { event: "hello", data: '{"missed":false}', id: "a-0" },
    { event: "profile", data: '{"user_id":"é"}', id: "a-1" },
  ];
  it("is the same however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length })), (places) => {
        const cuts = [0, ...places.sort((left, right) => left - right), text.length];
        const read = eventReader();
        expect(cuts.slice(1).flatMap((end, at) => read(text.slice(cuts[at], end)))).toEqual(whole);
      }),
    );
  });
  it("tells no event before its end has come", () => {
    const read = eventReader();
    expect(read("event: a\ndata: 1\n")).toEqual([]);
    expect(read("\n")).toEqual([{ event: "a", data: "1", id: undefined }]);
  });
});

describe("marks", () => {
  let marksOf: typeof import("../../studio/src/viewer/marks.ts").marksOf;
  beforeAll(async () => {
    stubBrowser();
    ({ marksOf } = await import("../../studio/src/viewer/marks.ts"));
  });
  const event = (event_id: string, event_type: string, more: object = { item_id: "7" }) =>
    ({ event_id, event_type, ...more }) as unknown as UsherEvent;

  it("are what was done last and not taken back", () => {
    const history = [
      event("6", "retract", { target_event_id: "5" }),
      event("5", "like"),
      event("4", "dislike"),
      event("3", "like"),
      event("2", "rating", { item_id: "7", rating: 4 }),
      event("1", "rating", { item_id: "7", rating: 2 }),
      event("0", "bookmark", { item_id: "8" }),
    ];
    expect(Object.fromEntries(marksOf(history))).toEqual({
      "7": { dislike: "4", rating: { eventId: "2", value: 4 } },
      "8": { bookmark: "0" },
    });
    expect(marksOf([]).size).toBe(0);
  });
});

describe("titles", () => {
  it.each([
    ["Hangover, The (2009)", undefined, "The Hangover", "2009"],
    ["Heat", 1995, "Heat", "1995"],
    ["Up (2009)", 2010, "Up", "2010"],
    ["2001: A Space Odyssey", undefined, "2001: A Space Odyssey", ""],
    ["Avventura, L' (1960)", undefined, "L'Avventura", "1960"],
    ["<b>Bold</b>", undefined, "<b>Bold</b>", ""],
  ])("%s is said as people say it", (title, release_year, said, year) => {
    expect(titleOf({ title, ...(release_year === undefined ? {} : { release_year }) })).toEqual({
      title: said,
      year,
    });
  });
});

describe("a generated cover", () => {
  const item = { item_id: "heat-1995", genres: ["Crime", "Drama"] };
  it("is the same for the same item, and another for another", () => {
    expect(coverArt(item, 300)).toEqual(coverArt({ ...item }, 300));
    expect(coverArt(item, 300)).not.toEqual(coverArt({ ...item, item_id: "ronin-1998" }, 300));
  });
  it("can be made of anything", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (item_id, genres) => {
        const { shapes } = coverArt({ item_id, genres }, 200);
        expect(shapes.length).toBeGreaterThan(0);
        expect(JSON.stringify(shapes)).not.toMatch(/NaN|null|undefined|Infinity/);
      }),
    );
  });
});
