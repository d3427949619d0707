/** Stands between the parts of a key; ids cannot hold it once they are escaped, and it sorts before everything they hold. */
export const separator = "\u0001";
/** Sorts right behind {@link separator}, so that it ends the range of a prefix; also what escapes begin with. */
const escapeMark = "\u0002";

const needsEscape = new RegExp(`[${separator}${escapeMark}]`);

/** An id as a part of a key: two different ids never give the same part, whatever characters they hold. */
export function keyPart(id: string): string {
  if (!needsEscape.test(id)) return id;
  return id.replaceAll(escapeMark, `${escapeMark}2`).replaceAll(separator, `${escapeMark}1`);
}

/** Whose events they are: a user, or a session without one. A user and a session of the same name are two owners. */
export type Owner = string;

/** @example userOwner("7") is another owner than sessionOwner("7"). */
export const userOwner = (userId: string): Owner => `u${keyPart(userId)}`;
export const sessionOwner = (sessionId: string): Owner => `s${keyPart(sessionId)}`;
export const isSession = (owner: Owner): boolean => owner.startsWith("s");

const join = (...parts: readonly string[]) => parts.join(separator);

/** Prefix of an owner's actions: everything but impressions, in the order of (event_ts, event_id). */
export const actionsOf = (owner: Owner): string => join("a", owner, "");
/** Prefix of what an owner was shown, in the same order. */
export const impressionsOf = (owner: Owner): string => join("i", owner, "");
/** Owners that retracted an event, as a list. */
export const retractionKey = (eventId: string): string => join("r", keyPart(eventId));
/** Prefix of all of these. */
export const retractionsPrefix: string = join("r", "");
/** The users of a session, or the sessions of a user, as a list. */
export const mergesKey = (owner: Owner): string => join("m", owner);
/** Prefix of the counts of one bucket of time. */
export const bucketPrefix = (bucket: { widthMs: number; startMs: number }): string =>
  join("t", String(bucket.widthMs), String(bucket.startMs).padStart(15, "0"), "");
/** The width and beginning of the bucket of a prefix, in ms; `undefined` for another group. */
export function bucketOf(prefix: string): { widthMs: number; startMs: number } | undefined {
  const [kind, width, start] = prefix.split(separator);
  return kind === "t" ? { widthMs: Number(width), startMs: Number(start) } : undefined;
}
/** Prefix of how often each item was shown on a surface. */
export const shownOn = (surface: string): string => join("n", keyPart(surface), "");
/** True for what `Counters` writes. */
export const isCountsKey = (key: string): boolean =>
  key.startsWith(join("t", "")) || key.startsWith(join("n", ""));
/** Sorts before all keys. */
export const firstKey = "a";
/** Up to where each partition of the log is in the state. It and what follows sort behind all others. */
export const positionsKey = "z";
/** How many writes there were. */
export const writesKey = "z1";

/** The id that {@link keyPart} was made from. */
export function idOfPart(part: string): string {
  return part.replaceAll(`${escapeMark}1`, separator).replaceAll(`${escapeMark}2`, escapeMark);
}

/** The first key behind all keys with this prefix, which ends with a separator. */
export function endOf(prefix: string): string {
  return prefix.slice(0, -1) + escapeMark;
}
