import { type Static, Type } from "typebox";

const strict = { additionalProperties: false } as const;

/** What a key may be allowed to do. `admin` includes the others. */
export const scopes = ["read", "events", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** Most keys that one home keeps. */
export const keysMax = 1000;
/** Entries of a page of the audit log where no length is asked for, and the most that one may have. */
export const auditDefault = 100;
export const auditMax = 1000;

const Moment = Type.String({ format: "date-time" });

export const KeyBody = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: "^[^\\u0000-\\u001F\\u007F-\\u009F]+$",
      description: "Who or what will use it; shown in lists and in the audit log.",
    }),
    scopes: Type.Array(Type.Enum([...scopes]), {
      minItems: 1,
      maxItems: scopes.length,
      description: "`read`: lists, catalogue, figures. `events`: send events. `admin`: everything.",
    }),
    expires_in_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 3650,
        description: "Days until it stops working; default: never.",
      }),
    ),
  },
  strict,
);
export type KeyRequest = Static<typeof KeyBody>;

const keyFields = {
  id: Type.String({
    description: "The part of the key that is no secret; `DELETE /v1/keys/{id}` revokes it.",
  }),
  name: Type.String(),
  scopes: Type.Array(Type.Enum([...scopes])),
  created_at: Moment,
  last_used_at: Type.Optional(Moment),
  expires_at: Type.Optional(Moment),
};
export const KeyAnswer = Type.Object(keyFields);
export type KeyInfo = Static<typeof KeyAnswer>;
export const NewKeyAnswer = Type.Object({
  ...keyFields,
  key: Type.String({ description: "The key itself. It is shown this once, and stored nowhere." }),
});
export const KeysAnswer = Type.Object({ items: Type.Array(KeyAnswer, { description: "The oldest first." }) });
export const KeyParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

export const AuditQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: auditMax, default: auditDefault })),
    cursor: Type.Optional(
      Type.String({ pattern: "^[0-9]{1,15}$", description: "`next_cursor` of the page before." }),
    ),
  },
  strict,
);
export const AuditEntryAnswer = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  at: Moment,
  who: Type.String({
    description: "`key <id> <name>`, `command line`, or `loopback`: somebody on this machine, without a key.",
  }),
  address: Type.String({ description: "Where it came from." }),
  action: Type.String({ description: "Method and route." }),
  target: Type.Record(Type.String(), Type.String(), {
    description: "What it was done to: the parameters of the path.",
  }),
  status: Type.Integer({ description: "HTTP status of the answer." }),
  outcome: Type.Enum(["done", "refused", "failed"]),
  request_id: Type.String(),
  details: Type.Optional(Type.Record(Type.String(), Type.String())),
  hash: Type.String({ description: "SHA-256 over the hash of the entry before and this entry, in hex." }),
});
export type AuditEntry = Static<typeof AuditEntryAnswer>;
export const AuditAnswer = Type.Object({
  items: Type.Array(AuditEntryAnswer, { description: "The newest first." }),
  next_cursor: Type.Optional(Type.String()),
});
