import { UsherError } from "../errors.ts";
import { openUsher } from "../usher.ts";
import { addressOptions, type Command } from "./command.ts";
import { collectSeldom } from "./heap.ts";
import { untilStopped } from "./until-stopped.ts";

/** `usher serve`: serves the release that is there; trains nothing. */
export const serve: Command = {
  name: "serve",
  summary: "serve the present release over HTTP",
  options: addressOptions,
  async run(run) {
    const { home, configuration, say } = run;
    collectSeldom();
    const usher = await openUsher({ home, configuration });
    try {
      const serving = await usher.serve();
      if (!serving) {
        throw new UsherError(
          "HOME_EMPTY",
          `${home}: expected a release, found none; run \`usher start\` or \`usher train\``,
        );
      }
      const closed = await usher.openLiving();
      if (closed) say(`note: no events are taken: ${closed.message}`);
      const { scheduler } = await usher.openUpkeep();
      const address = await usher.listen();
      scheduler.run();
      say(
        `release ${serving.version} serves on ${address}: open it in a browser (API page: ${address}/docs)`,
      );
      await untilStopped(run, usher);
      return { address, version: serving.version };
    } finally {
      await usher.close();
    }
  },
};
