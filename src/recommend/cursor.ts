import { createHash } from "node:crypto";
import { UsherError } from "../errors.ts";

/** The place behind which the next page begins: the sort key and the id of the last item shown. */
export interface Place {
  readonly key: string | number;
  readonly itemId: string;
}

const format = 1;
const digest = (text: string) => createHash("sha256").update(text).digest("base64url").slice(0, 11);

/**
 * A place as an opaque text for clients. It names an item and not a page number, so it stays right when items come and go,
 * and it holds no secret, so it outlives restarts and releases.
 *
 * @param listing What was asked for (filters and order); the text is good for the same listing only.
 */
export function writeCursor(place: Place, listing: string): string {
  const payload = JSON.stringify([format, digest(listing), place.key, place.itemId]);
  return `${Buffer.from(payload).toString("base64url")}.${digest(payload)}`;
}

/** @throws UsherError `PARAMETER_INVALID`: the text is no cursor, was altered, or belongs to another listing. */
export function readCursor(text: string, listing: string): Place {
  const [encoded = "", check] = text.split(".");
  const payload = Buffer.from(encoded, "base64url").toString();
  if (check !== digest(payload)) throw refusal("got a text that is none or was altered");
  const [version, listed, key, itemId] = readList(payload);
  if (version !== format) throw refusal("got one of another format");
  if (listed !== digest(listing)) throw refusal("got one of a listing with other filters or another order");
  if ((typeof key !== "string" && typeof key !== "number") || typeof itemId !== "string") {
    throw refusal("got one without a place");
  }
  return { key, itemId };
}

/** The check is no signature: anybody can make a text that passes it. */
function readList(payload: string): unknown[] {
  try {
    const list: unknown = JSON.parse(payload);
    if (Array.isArray(list)) return list;
  } catch (error) {
    throw refusal("got a text that is no JSON inside", error);
  }
  throw refusal("got a text that is no list inside");
}

function refusal(came: string, cause?: unknown): UsherError {
  return new UsherError(
    "PARAMETER_INVALID",
    `cursor: expected the next_cursor of the same listing, ${came}`,
    {
      details: { field: "cursor" },
      cause,
    },
  );
}
