/** How far down somebody was on each page of this tab's history, px. */
const tops = new Map<string, number>();
let entry = "";
let wanted = 0;

/** Which page of the history is shown; the same address visited twice is two. */
export const entryNow = (): string => entry;

/** How far down the page that is shown is to begin, px: where somebody comes back to it, where they left it. */
export const topOfEntry = (): number => wanted;

/** To be called when the address has changed, before anything is drawn. */
export function enterPage(): void {
  const known = (history.state as { entry?: string } | null)?.entry;
  entry = known ?? crypto.randomUUID();
  if (known === undefined) history.replaceState({ entry }, "");
  wanted = tops.get(entry) ?? 0;
}

/** Notes from now on how far down somebody is. The browser would do so itself before the page has its length again. */
export function keepTops(): void {
  history.scrollRestoration = "manual";
  enterPage();
  addEventListener("scroll", () => tops.set(entry, scrollY), { passive: true });
}
