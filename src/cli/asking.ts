import { UsherError } from "../errors.ts";
import { ownerOf } from "../home/lock.ts";
import { openReader } from "../usher.ts";
import type { CommandRun } from "./command.ts";

const serverTimeoutMs = 10_000;

/**
 * Asks the HTTP API of a home: the server that runs on it, or the same routes inside this process where none does.
 *
 * @throws UsherError `HOME_EMPTY` where no release serves; the error that the API answers.
 */
export async function askHome(
  { home, configuration }: Pick<CommandRun, "home" | "configuration">,
  path: string,
): Promise<unknown> {
  const answer = await askRunning(home, path);
  if (answer) return answer.body;
  const usher = await openReader({ home, configuration });
  try {
    if (!(await usher.serve())) {
      throw new UsherError(
        "HOME_EMPTY",
        `${home}: expected a release, found none; run \`usher start\` or \`usher train\``,
      );
    }
    return await usher.ask(path);
  } finally {
    await usher.close();
  }
}

/**
 * Asks the server that runs on a home; `undefined` where none does.
 *
 * @param request A body makes it a POST. Default: a GET.
 * @throws UsherError The error that the API answers.
 */
export async function askRunning(
  home: string,
  path: string,
  request: { body?: object; method?: "DELETE" } = {},
): Promise<{ body: unknown } | undefined> {
  const owner = await ownerOf(home);
  if (owner?.address === undefined || !isAlive(owner.pid)) return undefined;
  return askServer(owner.address + path, request);
}

async function askServer(
  url: string,
  { body: sent, method }: { body?: object; method?: "DELETE" },
): Promise<{ body: unknown } | undefined> {
  const post = {
    method: "POST",
    body: JSON.stringify(sent),
    headers: { "content-type": "application/json" },
  };
  let answer: Response;
  try {
    answer = await fetch(url, {
      signal: AbortSignal.timeout(serverTimeoutMs),
      ...(sent ? post : method ? { method } : {}),
    });
  } catch {
    return undefined; // the owner was killed, or does not listen yet: the home itself is asked
  }
  const body = (await answer.json()) as { code?: never; detail?: string };
  if (answer.ok) return { body };
  throw new UsherError(body.code ?? "INTERNAL", body.detail);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
