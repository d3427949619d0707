import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/data/catalogue.ts";
import { servingOf } from "../../src/server/context.ts";
import { films, smallRelease } from "../recommend/small-release.ts";
import { checkedApp } from "./checked-app.ts";
import { writtenItem } from "./written-item.ts";

describe("the log of lists", () => {
  it("has each shown item with the probability of its place, and names no person", async () => {
    const serving = servingOf({ release: smallRelease, catalogue: catalogue(films) });
    const { genres } = films[0]!;
    for (let added = 0; added < 20; added++) {
      serving.items.apply(writtenItem(`new${added}`, { title: `New ${added}`, genres: [...genres] }, true));
    }
    const lines: string[] = [];
    const logger = { level: "info", stream: { write: (line: string) => void lines.push(line) } };
    const { app, ask } = await checkedApp({ serving: () => serving, logger });
    let explored = 0;
    for (let request = 0; request < 40; request++) {
      lines.length = 0;
      const answer = (await ask("/v1/users/auth0%7C123/recommendations?k=5&explain=true")).json();
      const record = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === "answered");
      expect(record).toMatchObject({ request_id: answer.request_id, model_version: "v0001" });
      const [list] = record.lists;
      expect(list).toEqual({
        surface: "for-you",
        surface_version: 0,
        items: answer.items.map(({ item_id }: { item_id: string }) => item_id),
        propensities: answer.items.map(
          ({ explain }: { explain: { propensity: number } }) => explain.propensity,
        ),
      });
      expect(JSON.stringify(record)).not.toContain("auth0");
      explored += list.propensities.filter((one: number) => one === 0.05 / 20).length;
    }
    expect(explored).toBeGreaterThan(0);
    expect(explored).toBeLessThan(40);
    await app.close();
  });
});
