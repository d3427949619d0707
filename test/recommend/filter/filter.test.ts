import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Item } from "../../../src/data/catalogue.ts";
import { seededRandom } from "../../../src/data/random.ts";
import { UsherError } from "../../../src/errors.ts";
import { compileFilter } from "../../../src/recommend/filter/compile.ts";
import { type AskedContext, fields } from "../../../src/recommend/filter/fields.ts";

const heat: Item = {
  itemId: "2",
  title: "Heat",
  releaseYear: 1995,
  genres: ["Crime", "Comédie"],
  language: "en",
  people: [{ name: "Al Pacino", role: "actor" }],
  features: { is_adult: "no", tempo: 120, mood: "Dark", votes: "77" },
  imdbRating: 8.3,
  isPlaceholder: false,
  isHidden: false,
  ratingCount: 3,
  ratingMean: 4.5,
  links: {},
};
const monday = Date.parse("2026-01-05T20:30:00Z");
const asked: AskedContext = {
  nowMs: monday,
  country: "DE",
  device: "tv",
  userId: "u",
  user: { Age: 33, likes: ["crime"], "Age group": "30-39", spoken: "de, EN" },
};
const passes = (program: string, item = heat) => compileFilter(program).passes(item, asked);

describe("the filter language", () => {
  it.each([
    'genre in ["Crime"] and year >= 1990 and not is_adult',
    'genre in ["comedie"]',
    '"CRIME" in genre',
    'genre contains "crime"',
    "genre in ['Drama', 'Crime']",
    'genre not in ["Drama"]',
    "year in [1994, 1995]",
    "year = 1995 and year == 1995 and year != 1994 and year < 1996 and year <= 1995 and year > 1994",
    'title = "HEAT" and title contains "ea" and id = "2"',
    'person in ["al pacino"]',
    'not (year < 1990 or genre in ["Drama"])',
    "not year < 1990 and true",
    "imdb_rating >= 8.3 and rating_mean > 4 and rating_count = 3",
    "imdb_votes exists = false or language exists",
    "feature.tempo > 119.5 and feature.votes >= 77",
    'feature.mood = "dark" and feature.mood in ["DARK"]',
    "not feature.unknown",
    'hour = 20 and weekday = 1 and country = "de" and device = "tv"',
    "user.age > 30 and user.id = 'u'",
    "genre in user.likes",
    'user.age_group = "30-39"',
    '"en" in user.spoken and "de, en" in user.spoken and not "fr" in user.spoken',
    'title = "He\\at"',
    "year > -5",
    "false or true and true",
  ])("%s holds", (program) => {
    expect(passes(program)).toBe(true);
  });

  it.each([
    "year < 1990",
    "imdb_votes > 0",
    "imdb_votes != 5",
    "not true",
    "is_adult",
    "feature.nothing > 1",
    "genre in []",
    "user.nothing = 1",
    "feature.mood > 5",
    "false and true or false",
  ])("%s does not hold", (program) => {
    expect(passes(program)).toBe(false);
  });

  it.each([
    ['gener in ["Drama"]', 1, "did you mean genre?"],
    ["year >", 7, "expected a field, a value or a parenthesis, got the end"],
    ['year >= "1990"', 6, "expected the same kind on both sides, got a number and a text"],
    ["year", 1, "expected a comparison or a yes-or-no field, got a number"],
    ['genre = "Drama"', 1, "use `in`"],
    ['genre in "Drama"', 10, 'expected a list such as ["Drama"], got a text'],
    ['year in [1, "a"]', 9, "got both in one"],
    ['year in ["a"]', 6, "the same kind on both sides of in"],
    ["(year = 1", 10, "expected and, or, or the closing parenthesis, got the end"],
    ["year = 1 year", 10, "expected and, or, or the end, got year"],
    ["year = 1 and ; drop table", 14, 'got ";"'],
    ['title = "x', 9, "a text without its closing quote"],
    ["is_adult not year", 14, "expected in behind not, got year"],
    [`${"(".repeat(40)}true${")".repeat(40)}`, 34, "nesting of at most 32"],
    ["", 1, "got the end"],
    [`title = "${"x".repeat(2000)}"`, 2001, "at most 2000 characters"],
    ["__proto__ = 1", 1, "expected a field"],
    ["feature = 1", 1, "expected a field"],
    ["constructor", 1, "expected a field"],
  ])("%s is refused at character %i", (program, position, words) => {
    const error = (() => {
      try {
        compileFilter(program);
      } catch (thrown) {
        return thrown as UsherError;
      }
      return undefined;
    })();
    expect(error?.code).toBe("FILTER_INVALID");
    expect(error?.message).toContain(words);
    expect(error?.details["position"]).toBe(position);
  });

  it("knows what depends on items alone", () => {
    expect(compileFilter("year > 1990").isOfItemsOnly).toBe(true);
    expect(compileFilter("year > 1990 and hour < 12").isOfItemsOnly).toBe(false);
    expect(compileFilter("user.age > 3").isOfItemsOnly).toBe(false);
  });

  it("reads or refuses 100,000 random programs, and never runs for long", () => {
    const random = seededRandom(20260105);
    const words = [
      ...Object.keys(fields),
      ...[
        "and",
        "or",
        "not",
        "in",
        "contains",
        "exists",
        "true",
        "false",
        "feature.x",
        "user.age",
        "feature.",
      ],
      ...[
        "(",
        ")",
        "[",
        "]",
        ",",
        "=",
        "==",
        "!=",
        "<",
        ">=",
        "1990",
        "-1.5",
        '"Drama"',
        "'x'",
        '"',
        "\\",
        "é",
        "\u0000",
        ".",
      ],
    ];
    let read = 0;
    let slowestMs = 0;
    for (let program = 0; program < 100_000; program++) {
      const length = 1 + random.below(program % 100 === 0 ? 600 : 14);
      const text = Array.from({ length }, () => words[random.below(words.length)]).join(
        random.below(4) === 0 ? "" : " ",
      );
      const began = performance.now();
      try {
        const filter = compileFilter(text);
        expect(typeof filter.passes(heat, asked)).toBe("boolean");
        read++;
      } catch (error) {
        if (!(error instanceof UsherError) || error.code !== "FILTER_INVALID") throw error;
      }
      slowestMs = Math.max(slowestMs, performance.now() - began);
    }
    expect(read).toBeGreaterThan(1000);
    expect(slowestMs).toBeLessThan(5000); // a runaway would take minutes; a pause of this machine does not
  }, 120_000);

  it("agrees with what the same program says in other words", () => {
    const year = fc.integer({ min: 1900, max: 2030 });
    fc.assert(
      fc.property(year, year, fc.option(year), (low, high, released) => {
        const { releaseYear: _, ...film } = heat;
        const item = released === null ? film : { ...film, releaseYear: released };
        const within = released !== null && released >= low && released < high;
        expect(passes(`year >= ${low} and year < ${high}`, item)).toBe(within);
        expect(passes(`not (not year >= ${low} or not year < ${high})`, item)).toBe(within);
      }),
    );
  });
});
