import { expect, it } from "vitest";
import { UserBodyOfPatch } from "../../src/contracts/catalogue-http.ts";
import { RecommendQuery } from "../../src/contracts/http.ts";
import { mismatches, type Shape } from "../../src/contracts/mismatch.ts";

const wordsOf = (value: unknown, schema: unknown) =>
  mismatches(value, schema as Shape).map(({ message }) => message);

it.each([
  [
    "null where it takes a field away",
    { country: 1 },
    "country: expected two capital letters, such as PT or null, got 1",
  ],
  [
    "the field within",
    { features: { age: { b: 1 } } },
    "features.age: expected a text of 0..500 characters or null, got an object",
  ],
])("a refusal names %s", (_, body, message) => {
  expect(wordsOf(body, UserBodyOfPatch)).toEqual([message]);
});

it("a refusal says what a text must look like, not only that it is one", () => {
  expect(wordsOf({ country: "pt" }, RecommendQuery)).toEqual([
    'country: expected two capital letters, such as PT, got "pt"',
  ]);
});
