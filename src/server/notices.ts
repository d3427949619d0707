import { randomUUID } from "node:crypto";
import type { Notice } from "../contracts/notices.ts";

/** A notice with its place in the order in which they were told. */
export interface NumberedNotice {
  readonly id: string;
  readonly notice: Notice;
}

/** Tells whoever listens what changed. Nobody has to listen, and then nothing is kept. */
export interface Notices {
  /** Whether telling reaches anybody. Who tells often looks here first. */
  readonly isHeard: boolean;
  tell(notice: Notice): void;
  /**
   * Listens from now on, and to what was told after a notice that is still remembered.
   * @param options.after `id` of the last notice that was heard.
   * @param options.onEnd Called when no more will be told.
   * @returns `missed`: whether notices after it may be forgotten already. `last`: the newest of all. `end`: listens no more.
   */
  listen(options: { after?: string | undefined; onNotice(numbered: NumberedNotice): void; onEnd(): void }): {
    missed: boolean;
    earlier: readonly NumberedNotice[];
    last: string;
    end(): void;
  };
  /** Ends all listening, for good. */
  close(): void;
}

/** So many notices are remembered for listeners whose connection was lost. */
const rememberedMax = 256;
/** So long notices are remembered after the last listener has gone, ms. */
const memoryMs = 30_000;

/** @param options.memoryMs How long listeners may be away and miss nothing. Default 30,000. */
export function openNotices(options: { memoryMs?: number } = {}): Notices {
  const listeners = new Set<{ onNotice(numbered: NumberedNotice): void; onEnd(): void }>();
  const prefix = randomUUID().slice(0, 8); // numbers of another process mean nothing here
  let remembered: NumberedNotice[] = [];
  let told = 0;
  let isHeard = false;
  let isClosed = false;
  let forgetting: NodeJS.Timeout | undefined;

  /** What came after a notice; `undefined` where that is not known. */
  const toldAfter = (id: string): readonly NumberedNotice[] | undefined => {
    if (!isHeard) return undefined;
    if (id === `${prefix}-${told}`) return [];
    const at = remembered.findIndex((one) => one.id === id);
    return at < 0 ? undefined : remembered.slice(at + 1);
  };
  const forget = () => {
    isHeard = false;
    remembered = [];
    told++; // a number from before the silence must not look like the newest
  };
  return {
    get isHeard() {
      return isHeard;
    },
    tell: (notice) => {
      if (!isHeard) return;
      const numbered = { id: `${prefix}-${++told}`, notice };
      remembered.push(numbered);
      if (remembered.length > rememberedMax) remembered.shift();
      for (const { onNotice } of listeners) onNotice(numbered);
    },
    listen: ({ after, ...listener }) => {
      const earlier = after === undefined ? [] : toldAfter(after);
      const answer = { missed: earlier === undefined, earlier: earlier ?? [], last: `${prefix}-${told}` };
      if (isClosed) {
        listener.onEnd();
        return { ...answer, end: () => {} };
      }
      clearTimeout(forgetting);
      isHeard = true;
      listeners.add(listener);
      const end = () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        forgetting = setTimeout(forget, options.memoryMs ?? memoryMs).unref();
      };
      return { ...answer, end };
    },
    close: () => {
      isClosed = true;
      clearTimeout(forgetting);
      for (const { onEnd } of [...listeners]) onEnd();
      listeners.clear();
      forget();
    },
  };
}
