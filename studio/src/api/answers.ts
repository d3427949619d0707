import { useLayoutEffect, useReducer } from "preact/hooks";
import type { NoticeKind } from "../../../src/contracts/notices.ts";
import { Failure } from "./client.ts";

/** What a view is in. Each of them has its picture and the one action that repairs it. */
export type AnswerState =
  | "loading"
  | "ready"
  | "empty"
  | "partial"
  | "degraded"
  | "stale"
  | "forbidden"
  | "error";

/** An answer as a view shows it. */
export interface Shown<Value> {
  readonly state: AnswerState;
  /** The newest answer that came, also while another is on its way and after a failure. */
  readonly value: Value | undefined;
  readonly failure: Failure | undefined;
  /** Whether it is being asked for at this moment. */
  readonly isAsking: boolean;
  again(): void;
}

/** How an answer is judged. */
export interface Judged<Value> {
  /** What a notice must be of that makes the answer old. Default: none. */
  readonly topics?: readonly NoticeKind[];
  isEmpty?(value: Value): boolean;
  isPartial?(value: Value): boolean;
}

interface Entry {
  value?: unknown;
  failure?: Failure;
  isAsking: boolean;
  /** Something changed while it was being asked for. */
  isOld: boolean;
  ask: () => Promise<unknown>;
  topics: readonly NoticeKind[];
  readonly watchers: Set<() => void>;
}

/** Most answers that are kept when nobody shows them any more. */
const keptMax = 100;
const entries = new Map<string, Entry>();

/**
 * Shows an answer: what was known of it at once, and what is true as soon as it comes.
 *
 * @param key Names the question. `undefined`: nothing is asked, and the state is `loading`.
 */
export function useAnswer<Value>(
  key: string | undefined,
  ask: () => Promise<Value>,
  judged: Judged<Value> = {},
): Shown<Value> {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useLayoutEffect(() => {
    if (key === undefined) return;
    const entry = entryOf(key);
    entry.ask = ask;
    entry.topics = judged.topics ?? [];
    const told = () => redraw(undefined);
    entry.watchers.add(told);
    void refresh(entry);
    told();
    return () => {
      entry.watchers.delete(told);
      forgetOldest();
    };
  }, [key]);
  const entry = key === undefined ? undefined : entries.get(key);
  return {
    state: stateOf(entry, judged as Judged<unknown>),
    value: entry?.value as Value | undefined,
    failure: entry?.failure,
    isAsking: entry?.isAsking ?? true,
    again: () => void (entry && refresh(entry)),
  };
}

/** Asks again for what is shown and depends on one of these; without topics, for all that is shown. */
export function refreshShown(topic?: NoticeKind): void {
  for (const [key, entry] of [...entries]) {
    if (topic !== undefined && !entry.topics.includes(topic)) continue;
    if (entry.watchers.size > 0) void refresh(entry);
    else entries.delete(key);
  }
}

/** Forgets everything: who asks has changed. */
export function forgetAnswers(): void {
  for (const [key, { watchers }] of [...entries]) if (watchers.size === 0) entries.delete(key);
  refreshShown();
}

/** The states in the order in which they are looked for. */
function stateOf(entry: Entry | undefined, { isEmpty, isPartial }: Judged<unknown>): AnswerState {
  if (!entry) return "loading";
  const { value, failure } = entry;
  if (value === undefined) {
    if (!failure) return "loading";
    return failure.kind === "forbidden" ? "forbidden" : "error";
  }
  if (failure) return "stale";
  if (isEmpty?.(value)) return "empty";
  if (((value as { degraded?: string[] }).degraded ?? []).length > 0) return "degraded";
  return isPartial?.(value) ? "partial" : "ready";
}

function entryOf(key: string): Entry {
  const known = entries.get(key);
  if (known) {
    entries.delete(key); // to the end: the oldest is forgotten first
    entries.set(key, known);
    return known;
  }
  const entry: Entry = {
    isAsking: false,
    isOld: false,
    ask: async () => undefined,
    topics: [],
    watchers: new Set(),
  };
  entries.set(key, entry);
  return entry;
}

function forgetOldest(): void {
  for (const [key, { watchers }] of entries) {
    if (entries.size <= keptMax) return;
    if (watchers.size === 0) entries.delete(key);
  }
}

/** Asks; where it is being asked for already, once more afterwards, since that answer may not know yet. */
async function refresh(entry: Entry): Promise<void> {
  if (entry.isAsking) {
    entry.isOld = true;
    return;
  }
  entry.isAsking = true;
  do {
    entry.isOld = false;
    try {
      entry.value = await entry.ask();
      delete entry.failure;
    } catch (error) {
      entry.failure = error instanceof Failure ? error : new Failure("other", String(error));
    }
  } while (entry.isOld);
  entry.isAsking = false;
  for (const told of [...entry.watchers]) told();
}
