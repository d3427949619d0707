import type { TableContract } from "./tables.ts";

const time = "TIMESTAMP WITH TIME ZONE";
const required = (type: string, meaning: string) => ({ type, required: true, meaning }) as const;
const optional = (type: string, meaning: string) => ({ type, required: false, meaning }) as const;

const userId = required("VARCHAR", "For whom");
const itemId = required("VARCHAR", "What");
const rank = required("INTEGER", "1 = best");
const modelVersion = required("VARCHAR", "The release that it was made by");
const computedAt = required(time, "Moment as of which it was made");

/** The tables that publishing writes, not a build; each publication is one version of each. */
export const listTables = {
  gold_recommendations: {
    layer: "gold",
    meaning: "What the ranker alone puts first for each user, without what they consumed",
    key: ["user_id", "rank"],
    columns: {
      user_id: userId,
      item_id: itemId,
      score: required("DOUBLE", "By which it is ranked; comparable within one list"),
      rank,
      surface: required("VARCHAR", "`for-you`; `top` for users of whom nothing liked is known"),
      model_version: modelVersion,
      computed_at: computedAt,
      computed_date: required("DATE", "Day of computed_at, UTC"),
    },
  },
  gold_recommendations_final: {
    layer: "gold",
    meaning: "The lists as they are answered",
    key: ["user_id", "rank"],
    columns: {
      user_id: userId,
      item_id: itemId,
      model_score: optional(
        "DOUBLE",
        "Score of the ranker; absent in a top list and for an item newer than the release",
      ),
      trending_score: required("DOUBLE", "Score of the item in the last 24 hours; 0 where nothing happened"),
      hybrid_score: required("DOUBLE", "Score of the answer, by which it is ranked"),
      rank,
      model_version: modelVersion,
      computed_at: computedAt,
    },
  },
  gold_item_audience: {
    layer: "gold",
    meaning: "The users who would like each item most, without those whose lists leave it out",
    key: ["item_id", "rank"],
    columns: {
      item_id: itemId,
      user_id: userId,
      score: required("DOUBLE", "Score of the ranker, above 0"),
      rank,
      model_version: modelVersion,
      computed_at: computedAt,
    },
  },
} as const satisfies Readonly<Record<string, TableContract>>;

export type ListTableName = keyof typeof listTables;
