import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { HomeRequest } from "../app-of-home.ts";
import { UsherError } from "../errors.ts";
import { homePaths } from "../home/home.ts";
import { ownerOf } from "../home/lock.ts";
import { readOwnerKey } from "../server/access/access.ts";
import { openReader, openUsher, type Usher } from "../usher.ts";
import type { CommandRun } from "./command.ts";

const serverTimeoutMs = 10_000;

/**
 * Asks the HTTP API of a home: the server that runs on it, or the same routes inside this process where none does.
 *
 * @param more.asOwner True: where no server runs, this process takes the home for the question, which may change it and needs no
 *   release. Default false.
 * @param more.withRelease True, with `asOwner`: the question needs the release too. Default false.
 * @throws UsherError `HOME_LOCKED`, with `asOwner`: a process that does not listen owns the home.
 * @throws UsherError `HOME_EMPTY` where no release serves; the error that the API answers.
 */
export async function askHome(
  { home, configuration }: Pick<CommandRun, "home" | "configuration">,
  request: string | HomeRequest,
  { asOwner = false, withRelease = !asOwner }: { asOwner?: boolean; withRelease?: boolean } = {},
): Promise<unknown> {
  const answer = await askRunning(home, request);
  if (answer) return answer.body;
  // a question must not make a home where a folder was mistyped
  if (asOwner && !existsSync(join(home, "home.json"))) {
    throw new UsherError("HOME_EMPTY", `${home}: expected a home folder, found none; run \`usher start\``);
  }
  const usher = asOwner
    ? await openOwner({ home, configuration })
    : await openReader({ home, configuration });
  try {
    if (withRelease && !(await usher.serve())) {
      throw new UsherError(
        "HOME_EMPTY",
        `${home}: expected a release, found none; run \`usher start\` or \`usher train\``,
      );
    }
    return await usher.ask(request);
  } finally {
    await usher.close();
  }
}

async function openOwner(of: Pick<CommandRun, "home" | "configuration">): Promise<Usher> {
  const usher = await openUsher(of);
  const closed = await usher.openLiving();
  if (!closed) return usher;
  await usher.close();
  throw closed;
}

/**
 * Asks the server that runs on a home; `undefined` where none does.
 * @throws UsherError The error that the API answers.
 */
export async function askRunning(
  home: string,
  request: string | HomeRequest,
): Promise<{ body: unknown } | undefined> {
  const owner = await ownerOf(home);
  if (owner?.address === undefined || !isAlive(owner.pid)) return undefined;
  const { path, method = "GET", body: sent } = typeof request === "string" ? { path: request } : request;
  const ownerKey = await readOwnerKey(homePaths(home).access);
  const headers = {
    ...(ownerKey === undefined ? {} : { authorization: `Bearer ${ownerKey}` }),
    ...(sent === undefined ? {} : { "content-type": "application/json" }),
  };
  let answer: Response;
  try {
    answer = await fetch(owner.address + path, {
      method,
      headers,
      signal: AbortSignal.timeout(serverTimeoutMs),
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    });
  } catch {
    return undefined; // the owner was killed, or does not listen yet: the home itself is asked
  }
  const body = (await answer.json()) as { code?: never; detail?: string };
  if (answer.ok) return { body };
  throw new UsherError(body.code ?? "INTERNAL", body.detail);
}

/** How often a server is asked how far something has come. */
const lookMs = 500;

/**
 * Follows a run or a job of the server that runs on a home to its end; where the command is cancelled, so is that.
 *
 * @param onLook Told what it looks like each time.
 * @throws UsherError `SERVER_UNREACHABLE`: the server ended before; the error that the API answers.
 */
export async function followRunning<Record extends { readonly status: string }>(
  { home, signal }: Pick<CommandRun, "home" | "signal">,
  path: string,
  onLook: (record: Record) => void = () => {},
): Promise<Record> {
  for (let isTold = false; ; await setTimeout(lookMs)) {
    if (signal.aborted && !isTold) {
      isTold = true;
      await askRunning(home, { path, method: "DELETE" });
    }
    const answer = await askRunning(home, path);
    if (!answer) throw new UsherError("SERVER_UNREACHABLE", `the server ended before what it did at ${path}`);
    const record = answer.body as Record;
    if (record.status !== "running") return record;
    onLook(record);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
