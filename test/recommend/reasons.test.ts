import { describe, expect, it } from "vitest";
import { foldText } from "../../src/recommend/fold-text.ts";
import { displayTitle, historyReason, ratedReason, strongestPositions } from "../../src/recommend/reasons.ts";
import { films } from "./small-release.ts";

describe("displayTitle", () => {
  it.each([
    ["Heat (1995)", 1995, "Heat (1995)"],
    ["Heat", 1995, "Heat (1995)"],
    ["Heat", undefined, "Heat"],
    ["Sense8 (2015-)", 2015, "Sense8 (2015-)"],
    ["Babylon 5 (1994–1998)", 1994, "Babylon 5 (1994–1998)"],
    ["2001 (a film)", 1968, "2001 (a film) (1968)"],
  ])("%s of %s", (title, releaseYear, shown) => {
    expect(displayTitle(releaseYear === undefined ? { title } : { title, releaseYear })).toBe(shown);
  });
});

describe("reasons", () => {
  const [toyStory, heat, amelie] = films.map((item) => ({ item, weight: 1 }));
  it("name one, two and three films", () => {
    expect(historyReason([heat!]).text).toBe("because you liked Heat (1995)");
    expect(historyReason([toyStory!, heat!]).text).toBe("because you liked Toy Story (1995) and Heat (1995)");
    expect(historyReason([toyStory!, heat!, amelie!]).text).toBe(
      "because you liked Toy Story (1995), Heat (1995) and Amélie (2001)",
    );
  });
  it("claim no film where none weighs", () => {
    expect(historyReason([])).toEqual({
      source: "history",
      text: "fits all your ratings taken together",
      because: [],
    });
  });
  it("count viewers", () => {
    expect(ratedReason({ count: 329, mean: 4.16 }, "popularity").text).toBe(
      "rated 4.2 on average by 329 viewers",
    );
    expect(ratedReason({ count: 1, mean: 3 }, "top_ratings").text).toBe("rated 3.0 on average by 1 viewer");
  });
});

describe("strongestPositions", () => {
  it.each([
    [[], []],
    [[-1, 0, Number.NaN], []],
    [
      [1, 3, 2, 3, 0.5],
      [1, 3, 2],
    ],
    [[1], [0]],
    [
      [1, 1, 1, 1],
      [0, 1, 2],
    ],
  ])("of %s are %s", (values, expected) => {
    expect(strongestPositions(Float32Array.from(values), { limit: 3 })).toEqual(expected);
  });
  it("leaves out those that do not count", () => {
    const values = Float32Array.of(5, 4, 3, 2, 1);
    expect(strongestPositions(values, { limit: 2, counts: (at) => at % 2 === 1 })).toEqual([1, 3]);
  });
});

it.each([
  ["Amélie  Poulain ", "amelie poulain"],
  ["Łódź Øre", "lodz ore"],
  ["STRASSE Straße", "strasse strasse"],
])("foldText(%s) is %s", (text, folded) => expect(foldText(text)).toBe(folded));
