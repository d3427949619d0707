import type { RunRecord } from "../contracts/workflow.ts";

/** Where notices go, and how long one may take. The address comes from the configuration only. */
export interface Webhook {
  readonly url: string;
  readonly timeoutMs: number;
}

/** What became of a notice. The answer's body is never read. */
export type Notice =
  | { readonly sent: true; readonly status: number }
  | { readonly sent: false; readonly reason: string };

/**
 * Tells a webhook of a run that failed: a POST with `{ event: "run_failed", run }` as JSON.
 *
 * Redirects are not followed. Never rejects: that nobody could be told is no reason to fail.
 */
export async function noticeOfFailure(run: RunRecord, { url, timeoutMs }: Webhook): Promise<Notice> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ event: "run_failed", run }),
    });
    await answer.body?.cancel();
    return answer.ok
      ? { sent: true, status: answer.status }
      : { sent: false, reason: `status ${answer.status}` };
  } catch (error) {
    const { message, cause } = error as Error;
    return { sent: false, reason: cause instanceof Error ? cause.message : message };
  }
}
