import type { MeBody } from "../../src/contracts/studio-http.ts";
import { forgetAnswers, type Shown, useAnswer } from "./api/answers.ts";
import { ask, key, refused } from "./api/client.ts";
import { cell } from "./cell.ts";

/** Who asks, as the server sees it; `undefined` until it has said so. */
export const me = cell<MeBody | undefined>(undefined);

/** Asks the server who it is that asks. */
export const useMe = (): Shown<MeBody> =>
  useAnswer("me", async () => {
    const answer = await ask<MeBody>("v1/me");
    me.set(answer);
    return answer;
  });

export const isAdmin = (): boolean => me.value?.scopes.includes("admin") ?? false;

/** Asks with another key from now on. Empty: with none. */
export function signIn(text: string): void {
  key.set(text.trim());
  me.set(undefined);
  refused.set(undefined);
  forgetAnswers();
}
