import { hash, timingSafeEqual } from "node:crypto";
import { UsherError } from "../errors.ts";
import { hashOf } from "./id-hash.ts";

/** What stood on the pages of a list so far: hashes of the items' ids, each once. */
export type Shown = readonly number[];

/** A list ends after so many items: its cursors stay below 8 KiB. */
export const pagedItemsMax = 1000;
/** A difference of two hashes of 32 bits, in base 128. */
const hashBytesMax = 5;
/** How long a cursor is good, seconds. */
const lifetimeSeconds = 24 * 3600;
const format = 2;
const [listingBytes, headBytes, signatureBytes] = [4, 9, 12];

/**
 * Says that this process, or another one with its key, made a cursor for this listing. A hash over the key and the text serves as
 * well as an HMAC here, at a third of its cost: SHA-512/256 shows half of its state, so that nobody can go on from a signature.
 */
const signatureOf = (payload: Uint8Array, { key, listing }: { key: Uint8Array; listing: string }) =>
  hash("sha512-256", Buffer.concat([key, payload, Buffer.from(listing)]), "buffer").subarray(
    0,
    signatureBytes,
  );

/**
 * What was shown, as an opaque text that a client brings back for the next page.
 *
 * It names items and not a place, so events that arrive between two pages change what comes next, but bring nothing back. It is good
 * for the same listing, of the same person, for a day.
 *
 * Payload: format, a hash of the listing (for the words of a refusal), seconds since 1970, then the ascending hashes as differences in
 * base 128.
 *
 * @param options.listing Whose list it is, of which surface and with which filters.
 */
export function writeListCursor(
  shown: Shown,
  options: { listing: string; key: Uint8Array; nowMs: number },
): string {
  const payload = Buffer.allocUnsafe(headBytes + hashBytesMax * shown.length);
  payload[0] = format;
  payload.writeUInt32BE(hashOf(options.listing), 1);
  payload.writeUInt32BE(Math.floor(options.nowMs / 1000), 1 + listingBytes);
  let end = headBytes;
  let before = 0;
  for (const hash of Uint32Array.from(shown).sort()) {
    let difference = hash - before;
    before = hash;
    while (difference >= 128) {
      payload[end++] = (difference % 128) + 128;
      difference = Math.floor(difference / 128);
    }
    payload[end++] = difference;
  }
  const signed = payload.subarray(0, end);
  return Buffer.concat([signed, signatureOf(signed, options)]).toString("base64url");
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
  if (!timingSafeEqual(signatureOf(payload, options), signature)) {
    if (payload.readUInt32BE(1) !== hashOf(options.listing))
      throw refusal("got one of a list for somebody else, of another surface or with other filters");
    throw refusal("got one that was altered or that another server made");
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
