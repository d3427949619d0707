import { expect, it } from "vitest";
import { ContentModel } from "../../src/recommend/content.ts";
import { films } from "./small-release.ts";

it("learns the same in turns as at once, and gives way meanwhile", async () => {
  const many = Array.from({ length: 3000 }, (_, at) => {
    const film = films[at % films.length]!;
    return { ...film, itemId: String(at), title: `${film.title} number ${at % 97}` };
  });
  let turns = 0;
  const inTurns = (await ContentModel.learntInTurns(many, async () => void turns++)).of(many);
  const atOnce = ContentModel.learnt(many).of(many);
  expect(turns).toBe(2 * Math.ceil((3000 * 11) / 12 / 256));
  for (const other of [1, 2, 7, 300, 2999])
    expect(inTurns.similarity(0, other)).toBe(atOnce.similarity(0, other));
  const tastes = { items: Int32Array.of(0, 5), values: Float32Array.of(1, 0.5) };
  expect(inTurns.nearnessTo(tastes)).toEqual(atOnce.nearnessTo(tastes));
  expect(Math.max(...atOnce.nearnessTo(tastes))).toBeGreaterThan(0.5);
});
