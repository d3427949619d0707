/** Answers of one build, by question. */
export interface BuildCache {
  /**
   * The answer to a question about a build: remembered, or by `ask`, which is called once however many wait for it. What fails is
   * not remembered; another build forgets everything.
   * @param key Names the question among all.
   */
  get<Answer>(of: { build: number; key: string }, ask: () => Promise<Answer>): Promise<Answer>;
}

/** @param answersMax So many are remembered; of more, the one that was asked longest ago goes. */
export function buildCache(answersMax: number): BuildCache {
  let present: number | undefined;
  let answers = new Map<string, Promise<unknown>>();
  return {
    get<Answer>({ build, key }: { build: number; key: string }, ask: () => Promise<Answer>) {
      if (build !== present) {
        present = build;
        answers = new Map();
      }
      const known = answers.get(key) as Promise<Answer> | undefined;
      const answer = known ?? ask();
      answers.delete(key); // asked last, it stands last
      answers.set(key, answer);
      const [oldest] = answers.keys();
      if (answers.size > answersMax && oldest !== undefined) answers.delete(oldest);
      if (known === undefined) {
        const held = answers;
        answer.catch(() => {
          if (held.get(key) === answer) held.delete(key);
        });
      }
      return answer;
    },
  };
}
