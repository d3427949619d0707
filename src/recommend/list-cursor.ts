import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { UsherError } from "../errors.ts";

/** What stood on the pages of a list so far: hashes of the items' ids, each once. */
export type Shown = readonly number[];

/** A list ends after so many items: its cursors stay below 8 KiB. */
export const pagedItemsMax = 1000;
/** How long a cursor is good, seconds. */
const lifetimeSeconds = 24 * 3600;
const format = 1;
const [listingBytes, headBytes, signatureBytes] = [8, 13, 12];

const listingOf = (listing: string) => hash("sha256", listing, "buffer").subarray(0, listingBytes);
const signatureOf = (payload: Uint8Array, key: Uint8Array) =>
  createHmac("sha256", key).update(payload).digest().subarray(0, signatureBytes);

/**
 * What was shown, as an opaque text that a client brings back for the next page.
 *
 * It names items and not a place, so events that arrive between two pages change what comes next, but bring nothing back. It is good
 * for the same listing, of the same person, for a day.
 *
 * Payload: format, hash of the listing, seconds since 1970, then the ascending hashes as differences in base 128.
 *
 * @param options.listing Whose list it is, of which surface and with which filters.
 */
export function writeListCursor(
  shown: Shown,
  options: { listing: string; key: Uint8Array; nowMs: number },
): string {
  const bytes: number[] = [];
  let before = 0;
  for (const hash of [...shown].sort((left, right) => left - right)) {
    let difference = hash - before;
    before = hash;
    while (difference >= 128) {
      bytes.push((difference % 128) + 128);
      difference = Math.floor(difference / 128);
    }
    bytes.push(difference);
  }
  const payload = Buffer.alloc(headBytes + bytes.length);
  payload[0] = format;
  payload.set(listingOf(options.listing), 1);
  payload.writeUInt32BE(Math.floor(options.nowMs / 1000), 1 + listingBytes);
  payload.set(bytes, headBytes);
  return Buffer.concat([payload, signatureOf(payload, options.key)]).toString("base64url");
}

/** @throws UsherError `PARAMETER_INVALID`: the text is no cursor, was altered, is too old, or belongs to another listing. */
export function readListCursor(
  text: string,
  options: { listing: string; key: Uint8Array; nowMs: number },
): Shown {
  const bytes = Buffer.from(text, "base64url");
  const payload = bytes.subarray(0, -signatureBytes);
  const signature = bytes.subarray(payload.length);
  if (payload.length < headBytes || bytes.toString("base64url") !== text)
    throw refusal("got a text that is none");
  if (!timingSafeEqual(signatureOf(payload, options.key), signature)) {
    throw refusal("got one that was altered or that another server made");
  }
  if (!payload.subarray(1, 1 + listingBytes).equals(listingOf(options.listing))) {
    throw refusal("got one of a list for somebody else, of another surface or with other filters");
  }
  const ageSeconds = options.nowMs / 1000 - payload.readUInt32BE(1 + listingBytes);
  if (payload[0] !== format || ageSeconds > lifetimeSeconds)
    throw refusal("got one that is older than a day");
  return hashesIn(payload.subarray(headBytes));
}

function hashesIn(bytes: Uint8Array): number[] {
  const hashes: number[] = [];
  let before = 0;
  let [difference, scale] = [0, 1];
  for (const byte of bytes) {
    difference += (byte % 128) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    before += difference;
    hashes.push(before);
    [difference, scale] = [0, 1];
  }
  return hashes;
}

function refusal(came: string): UsherError {
  return new UsherError("PARAMETER_INVALID", `cursor: expected the next_cursor of the page before, ${came}`, {
    details: { field: "cursor" },
  });
}
