import type { Item } from "../../data/catalogue.ts";
import type { UserFeatures } from "../../data/user-features.ts";

/** What a field holds. `any`: a text or a number, as the catalogue has it. */
export type FieldType = "text" | "number" | "boolean" | "texts" | "any";
export type FieldValue = string | number | boolean | readonly string[] | undefined;

/** For whom and when a list is, as a filter can ask. */
export interface AskedContext {
  readonly nowMs: number;
  readonly country?: string | undefined;
  readonly device?: string | undefined;
  readonly surface?: string | undefined;
  readonly userId?: string | undefined;
  readonly user?: UserFeatures | undefined;
}

/** Of what a field tells: an item, or who asks and when. What depends on items alone is computed once for all requests. */
export type FieldOf = "item" | "asked";

export interface Field {
  readonly type: FieldType;
  readonly of: FieldOf;
  readonly meaning: string;
  /** `undefined` where nothing is known. */
  read(item: Item, asked: AskedContext): FieldValue;
}

const field = (type: FieldType, meaning: string, read: (item: Item) => FieldValue): Field => ({
  type,
  of: "item",
  meaning,
  read,
});
const asked = (type: FieldType, meaning: string, read: (asked: AskedContext) => FieldValue): Field => ({
  type,
  of: "asked",
  meaning,
  read: (_, context) => read(context),
});

const truths = new Set(["1", "true", "yes"]);

/** Every field by name. `feature.<name>` and `user.<name>` are there beside them, with whatever name the data have. */
export const fields: Readonly<Record<string, Field>> = {
  id: field("text", "its item_id", ({ itemId }) => itemId),
  title: field("text", "its title", ({ title }) => title),
  genre: field("texts", "its genres", ({ genres }) => genres),
  year: field("number", "the year of its release", ({ releaseYear }) => releaseYear),
  release_date: field("text", "`2001-04-25`", ({ releaseDate }) => releaseDate),
  language: field("text", "its language", ({ language }) => language),
  person: field("texts", "names of cast and crew", ({ people }) => people?.map(({ name }) => name)),
  description: field("text", "its description", ({ description }) => description),
  rating_mean: field("number", "mean of the ratings here, 0.5..5", ({ ratingMean }) => ratingMean),
  rating_count: field("number", "how many ratings it has here", ({ ratingCount }) => ratingCount),
  imdb_rating: field("number", "1..10", ({ imdbRating }) => imdbRating),
  imdb_votes: field("number", "votes behind it", ({ imdbVotes }) => imdbVotes),
  is_adult: field("boolean", "whether the feature `is_adult` is 1, true or yes", ({ features }) =>
    truths.has(String(features?.["is_adult"]).toLowerCase()),
  ),
  hour: asked("number", "hour of the request, 0..23, UTC", ({ nowMs }) => new Date(nowMs).getUTCHours()),
  weekday: asked("number", "1 = Monday .. 7 = Sunday, UTC", ({ nowMs }) => new Date(nowMs).getUTCDay() || 7),
  country: asked("text", "two letters; where the request comes from", ({ country }) => country),
  device: asked("text", "what it is shown on, as the request says", ({ device }) => device),
  surface: asked("text", "name of the surface", ({ surface }) => surface),
};

/** A field by name; `undefined` where there is none. */
export function fieldOf(name: string): Field | undefined {
  if (Object.hasOwn(fields, name)) return fields[name];
  const [group, own] = name.split(".");
  if (own === undefined) return undefined;
  if (group === "feature")
    return field("any", "a feature of the item", ({ features }) => featureIn(features, own));
  if (group !== "user") return undefined;
  if (own === "id") return asked("text", "the user_id", ({ userId }) => userId);
  return asked("any", "a feature of the user", ({ user }) => featureIn(user, own));
}

/** A name as a program can write it: in lower case, `_` for what is no letter, digit or hyphen, as in `age_group` of `Age group`. */
const wordOf = (name: string) => name.toLowerCase().replace(/[^a-z0-9-]+/g, "_");

function featureIn(features: UserFeatures | undefined, wanted: string): FieldValue {
  if (!features) return undefined;
  if (Object.hasOwn(features, wanted)) return features[wanted];
  const name = Object.keys(features).find((known) => wordOf(known) === wanted);
  return name === undefined ? undefined : features[name];
}
