import { type Static, Type } from "typebox";
import { scopes } from "./access-http.ts";

/** What the items of a catalogue are, for pages that show them. */
export const catalogueKinds = ["films", "music", "books", "items"] as const;
export type CatalogueKind = (typeof catalogueKinds)[number];

export const MeAnswer = Type.Object({
  kind: Type.Enum(["loopback", "owner", "key", "user"], {
    description:
      "`loopback`: somebody on this machine, without a key; `owner`: the command line or the environment.",
  }),
  name: Type.Optional(Type.String({ description: "Name of the key." })),
  user_id: Type.Optional(Type.String({ description: "The only user that a token may ask for." })),
  scopes: Type.Array(Type.Enum([...scopes]), {
    description: "What may be asked for; `admin` includes the others.",
  }),
  needs_key: Type.Boolean({ description: "Whether requests without a key are refused." }),
  version: Type.String({ description: "Of Usher." }),
  catalogue: Type.Enum([...catalogueKinds], { description: "What the items are." }),
});
export type MeBody = Static<typeof MeAnswer>;
