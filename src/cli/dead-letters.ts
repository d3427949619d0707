import { readFile } from "node:fs/promises";
import type { EventStatus } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import type { KeptLetter } from "../events/dead-letters.ts";
import { askHome } from "./asking.ts";
import type { Command, CommandRun } from "./command.ts";

/** `usher dead-letters list|show|resubmit`: events that were rejected, and their way back in. */
export const deadLetters: Command = {
  name: "dead-letters",
  summary: "list the events that were rejected, show one, or submit one again",
  arguments: [
    ["[action]", "list (default), show or resubmit"],
    ["[id]", "letter to show or to resubmit, as the list names it"],
  ],
  options: [
    { flags: "--reason <reason>", meaning: "list only letters with this reason, such as invalid_timestamp" },
    { flags: "--limit <n>", meaning: "most letters of the list, 1..200 (default: 100)" },
    { flags: "--cursor <text>", meaning: "go on behind a list, with the text that it ended with" },
    { flags: "--body <file>", meaning: "corrected event to submit, a file with JSON (default: what came)" },
  ],
  async run(run) {
    const [action = "list", id] = run.arguments;
    if (action === "list") return list(run);
    if (action !== "show" && action !== "resubmit") {
      throw new UsherError("USAGE", `dead-letters: expected list, show or resubmit, got "${action}"`);
    }
    if (id === undefined)
      throw new UsherError("USAGE", `dead-letters ${action}: expected the id of a letter, got none`);
    return action === "show" ? show(run, id) : resubmit(run, id);
  },
};

async function list(run: CommandRun): Promise<unknown> {
  const query = new URLSearchParams();
  for (const name of ["reason", "limit", "cursor"]) {
    const value = run.options[name];
    if (typeof value === "string") query.set(name, value);
  }
  const path = `/v1/dead-letters?${query}`;
  const page = (await askHome(run, path, { asOwner: true })) as {
    items: readonly KeptLetter[];
    next_cursor?: string;
  };
  if (page.items.length === 0) run.say("no dead letters here");
  for (const letter of page.items) {
    const done = letter.resubmission ? "  resubmitted" : "";
    run.say(`${letter.id}  ${letter.error_ts}  ${letter.error_reason}${done}  ${letter.error_detail}`);
  }
  if (page.next_cursor !== undefined) run.say(`more: --cursor ${page.next_cursor}`);
  return page;
}

async function show(run: CommandRun, id: string): Promise<unknown> {
  const path = `/v1/dead-letters/${encodeURIComponent(id)}`;
  const letter = (await askHome(run, path, { asOwner: true })) as KeptLetter;
  run.say(`${letter.error_reason}: ${letter.error_detail}`);
  run.say(`came ${letter.error_ts}, for ${letter.topic}`);
  const { resubmission } = letter;
  if (resubmission) run.say(`resubmitted ${resubmission.resubmitted_ts} as event ${resubmission.event_id}`);
  run.say(letter.raw_payload);
  return letter;
}

async function resubmit(run: CommandRun, id: string): Promise<unknown> {
  const file = run.options["body"];
  const body = typeof file === "string" ? { body: await readEvent(file) } : {};
  const path = `/v1/dead-letters/${encodeURIComponent(id)}/resubmit`;
  const status = (await askHome(run, { path, method: "POST", ...body }, { asOwner: true })) as EventStatus;
  run.say(`${status.status}: event ${status.event_id}`);
  return status;
}

async function readEvent(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const came = error instanceof SyntaxError ? "something else" : (error as Error).message;
    throw new UsherError("USAGE", `--body ${file}: expected a file with one event as JSON, got ${came}`, {
      cause: error,
    });
  }
}
