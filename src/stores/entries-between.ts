import type { StateStore } from "./state-store.ts";

/** All entries with `from` ≤ key < `to`, in order, in reads of `pageEntries`, 2 or more. Nothing else may write to the range meanwhile. */
export async function* entriesBetween(
  store: Pick<StateStore, "range">,
  range: { from: string; to: string; pageEntries: number },
): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
  const { to, pageEntries } = range;
  for (let { from } = range, isFirst = true; ; isFirst = false) {
    const page = await store.range({ from, to, limit: pageEntries });
    for (const entry of page) if (isFirst || entry[0] !== from) yield entry; // a page begins with the last key of the one before
    const last = page.at(-1)?.[0];
    if (page.length < pageEntries || last === undefined) return;
    from = last;
  }
}
