import { asUsherError } from "../errors.ts";
import { loadConfiguration } from "../home/configuration.ts";
import type { Usher } from "../usher.ts";
import { aborted, type CommandRun } from "./command.ts";
import { flagsOf } from "./job.ts";

/**
 * Waits until a server is told to stop, or has failed. Meanwhile each SIGHUP has it read secrets and keys of issuers again; on a
 * terminal that signal ends it as ever, for there it says that the window was closed.
 */
export async function untilStopped(
  run: CommandRun,
  usher: Pick<Usher, "failed" | "reloadSecrets">,
): Promise<void> {
  const reload = async () => {
    try {
      const { values } = await loadConfiguration({ home: run.home, flags: Object.fromEntries(flagsOf(run)) });
      await usher.reloadSecrets(values);
      run.say("secrets and keys of issuers were read again");
    } catch (error) {
      run.say(`secrets and keys of issuers stay as they were: ${asUsherError(error).message}`);
    }
  };
  const onHangup = () => void reload();
  if (!process.stdin.isTTY) process.on("SIGHUP", onHangup);
  try {
    await Promise.race([aborted(run.signal), usher.failed]);
  } finally {
    process.off("SIGHUP", onHangup);
  }
}
