import { useLayoutEffect, useReducer } from "preact/hooks";

/** A value that whoever shows it is told of when it changes. */
export interface Cell<Value> {
  readonly value: Value;
  set(value: Value): void;
  /** @returns What ends it. */
  subscribe(told: (value: Value) => void): () => void;
}

export function cell<Value>(first: Value): Cell<Value> {
  const listeners = new Set<(value: Value) => void>();
  let value = first;
  return {
    get value() {
      return value;
    },
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const told of [...listeners]) told(next);
    },
    subscribe: (told) => {
      listeners.add(told);
      return () => listeners.delete(told);
    },
  };
}

/** A cell whose text outlives the page. A browser that keeps nothing is no error: then it lasts as long as the page. */
export function keptCell<Text extends string>(key: string, first: Text, store: () => Storage): Cell<Text> {
  const kept = cell<Text>(attempt(() => store().getItem(key) as Text | null) ?? first);
  kept.subscribe((text) =>
    attempt(() => (text === "" ? store().removeItem(key) : store().setItem(key, text))),
  );
  return kept;
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined; // storage is forbidden or full
  }
}

/** The value now; draws again when it changes. */
export function useCell<Value>(shown: Cell<Value>): Value {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { value } = shown;
  useLayoutEffect(() => {
    if (!Object.is(shown.value, value)) redraw(undefined);
    return shown.subscribe(() => redraw(undefined));
  }, [shown]);
  return value;
}
