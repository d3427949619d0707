import type { Notice } from "../../../src/contracts/notices.ts";
import { cell } from "../cell.ts";
import { newest } from "../live/live.ts";

/** A notice with the time at which it came. */
export interface Heard {
  readonly id: number;
  readonly at: Date;
  readonly notice: Notice;
}

/** Most notices that are kept. */
const keptMax = 200;

/** What the stream has told since the operator's pages were opened, the newest first. */
export const heard = cell<readonly Heard[]>([]);

let before = newest.value;
let count = 0;
newest.subscribe((now) => {
  const fresh = (Object.keys(now) as Notice["kind"][]).filter((kind) => now[kind] !== before[kind]);
  before = now;
  const notices = fresh.map((kind) => ({
    id: ++count,
    at: new Date(),
    notice: { kind, data: now[kind] } as Notice,
  }));
  heard.set([...notices, ...heard.value].slice(0, keptMax));
});
