import { refreshShown } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { say } from "../design/toast.tsx";
import { t } from "../i18n/i18n.ts";
import { w } from "./words.ts";

/** Something that an operator does to the server. */
export interface Doing {
  readonly path: string;
  readonly method: "POST" | "DELETE";
  readonly body?: unknown;
  /** What is said when it is done. */
  readonly done: string;
  /** What takes it back, where something does. */
  readonly undo?: Doing;
}

/** Does it, says what became of it, and asks again for what is shown. @returns The answer; `undefined` where it was refused. */
export async function perform<Body>(doing: Doing): Promise<Body | undefined> {
  const { path, method, body, done, undo } = doing;
  try {
    const answer = await ask<Body>(path, { method, ...(body === undefined ? {} : { body }) });
    say({
      text: done,
      ...(undo ? { action: { label: t("act.undo"), run: () => void perform(undo) } } : {}),
    });
    refreshShown();
    return answer;
  } catch (error) {
    const action = { label: t("act.again"), run: () => void perform(doing) };
    say({ text: w("op.refused", { detail: (error as Error).message }), action, isAlert: true });
    return undefined;
  }
}
