import { UsherError } from "../errors.ts";
import { openUsher } from "../usher.ts";
import { aborted, addressOptions, type Command } from "./command.ts";
import { collectSeldom } from "./heap.ts";

/** `usher serve`: serves the release that is there; trains nothing. */
export const serve: Command = {
  name: "serve",
  summary: "serve the present release over HTTP",
  options: addressOptions,
  async run({ home, configuration, say, signal }) {
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
      say(`release ${serving.version} serves on ${address} (API page: ${address}/docs)`);
      await Promise.race([aborted(signal), usher.failed]);
      return { address, version: serving.version };
    } finally {
      await usher.close();
    }
  },
};
