/**
 * Makes a queue: what is asked of it runs one after the other, in the order of the calls.
 *
 * Each caller gets the result of their own work, or its error; an error does not stop those who come next. To wait for all that was
 * asked before, ask for work that does nothing, such as closing what the others use.
 *
 * @example
 * import { oneAtATime } from "./one-at-a-time.ts";
 * const inTurn = oneAtATime();
 * await Promise.all([1, 2].map((each) => inTurn(async () => each * 10))); // → [10, 20]
 */
export function oneAtATime(): <Result>(work: () => Result | Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {}); // its caller is told; the next one goes on
    return result;
  };
}
