import { type Static, Type } from "typebox";
import { listLengthMax } from "./http.ts";

const strict = { additionalProperties: false } as const;
const Moment = Type.String({ format: "date-time" });
const Length = Type.Integer({ minimum: 1, maximum: listLengthMax });

export const PublishBody = Type.Object(
  {
    k: Type.Optional(Type.Integer({ ...Length, description: "Items a user; default: `lists.k`." })),
    audience_k: Type.Optional(
      Type.Integer({ ...Length, description: "Users an item; default: `lists.audience_k`." }),
    ),
    expire_hours: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 87_600, description: "Default: `lists.expire_hours`." }),
    ),
  },
  strict,
);

/** What is published now. */
export const EditionAnswer = Type.Object({
  edition: Type.String(),
  model_version: Type.String(),
  computed_at: Moment,
  expires_at: Moment,
  k: Length,
  users: Type.Integer({ minimum: 0 }),
  items: Type.Integer({ minimum: 0, description: "Items that have an audience." }),
});
export const ListsAnswer = Type.Object({
  items: Type.Array(EditionAnswer, { description: "The edition that is read; empty where there is none." }),
});
export const AudienceAnswer = Type.Object({
  item_id: Type.String(),
  model_version: Type.String(),
  computed_at: Moment,
  users: Type.Array(
    Type.Object({ user_id: Type.String(), rank: Type.Integer({ minimum: 1 }), score: Type.Number() }),
  ),
});

export type EditionBody = Static<typeof EditionAnswer>;
