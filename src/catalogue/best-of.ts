/** Keeps the best of many by score, of equal scores those with the lower number. */
export interface BestOf {
  /** Whether a score could be among them. */
  wants(score: number): boolean;
  add(number: number, score: number): void;
  /** The best first. */
  taken(): { number: number; score: number }[];
}

/** @param limit At least 1. Cost: O(log limit) for each that is added. */
export function bestOf(limit: number): BestOf {
  const heap: { number: number; score: number }[] = []; // the worst on top
  const isWorse = (left: { number: number; score: number }, right: { number: number; score: number }) =>
    left.score < right.score || (left.score === right.score && left.number > right.number);
  const swap = (left: number, right: number) => {
    [heap[left], heap[right]] = [heap[right] as never, heap[left] as never];
  };
  const rise = () => {
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isWorse(heap[at] as never, heap[parent] as never)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const sink = () => {
    for (let at = 0; ; ) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isWorse(heap[child] as never, heap[worst] as never)) worst = child;
      }
      if (worst === at) return;
      swap(at, worst);
      at = worst;
    }
  };
  return {
    wants: (score) => heap.length < limit || score >= (heap[0]?.score ?? 0),
    add(number, score) {
      const one = { number, score };
      if (heap.length < limit) {
        heap.push(one);
        rise();
      } else if (isWorse(heap[0] as never, one)) {
        heap[0] = one;
        sink();
      }
    },
    taken: () => [...heap].sort((left, right) => (isWorse(left, right) ? 1 : -1)),
  };
}
