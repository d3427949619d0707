import { setFlagsFromString } from "node:v8";

/** How much the heap may grow after a full collection before the next one, percent of what was left. */
const growthPercent = 300;

/**
 * Lets a server collect its whole heap once a minute instead of every few seconds. By itself V8 chooses a third, as for a page in a
 * browser; at 1,000 events a second each collection then holds up a hundred of them by 20 to 60 ms, one in a hundred of all. Live objects are 50 to
 * 100 MB for a million users, so this costs up to 300 MB (`npm run bench -- living`). Unknown to a V8, it changes nothing.
 */
export const collectSeldom = (): void => setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
