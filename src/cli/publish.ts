import type { EditionBody } from "../contracts/lists-http.ts";
import { editionBody } from "../server/routes/lists.ts";
import { openUsher } from "../usher.ts";
import { askHome } from "./asking.ts";
import type { Command, CommandRun } from "./command.ts";
import { flagsOf, jobThere } from "./job.ts";

/** `usher publish`: lists for all users and audiences of all items, by the running server or here. */
export const publish: Command = {
  name: "publish",
  summary: "publish a list for every user and the top users of every item, by the release that serves",
  options: [
    { flags: "-k, --k <n>", meaning: "items a user, 1..200", setting: "lists.k" },
    { flags: "--audience-k <n>", meaning: "users an item, 1..200", setting: "lists.audience_k" },
    { flags: "--expire-hours <n>", meaning: "how long the lists are read", setting: "lists.expire_hours" },
  ],
  async run(run) {
    const edition = (await publishThere(run)) ?? (await publishHere(run));
    run.say(
      `lists of ${edition.users} users and audiences of ${edition.items} items by ${edition.model_version} are read until ${edition.expires_at}`,
    );
    return edition;
  },
};

/** Has the server that owns the home publish, with what the options say; `undefined` where there is none. */
async function publishThere(run: CommandRun): Promise<EditionBody | undefined> {
  const flags = flagsOf(run);
  const asked = { k: "lists.k", audience_k: "lists.audience_k", expire_hours: "lists.expire_hours" };
  const given = Object.entries(asked).filter(([, key]) => flags.has(key));
  const body = Object.fromEntries(given.map(([name, key]) => [name, flags.get(key)]));
  const job = await jobThere(run, { title: "Publishing", path: "/v1/lists", body });
  if (!job) return undefined;
  const { items } = (await askHome(run, "/v1/lists")) as { items: EditionBody[] };
  return items[0] as EditionBody;
}

async function publishHere({ home, configuration, say, work, signal }: CommandRun): Promise<EditionBody> {
  const usher = await openUsher({ home, configuration });
  try {
    // lists are made of what people did until now
    const closed = await usher.openLiving();
    if (closed) say(`note: accepted events are left out: ${closed.message}`);
    await usher.serve();
    return await work("Publishing", async (onProgress) => {
      const { edition } = await usher.publishLists({ onProgress, signal });
      return editionBody(edition);
    });
  } finally {
    await usher.close();
  }
}
