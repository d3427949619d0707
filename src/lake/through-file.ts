import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolderDurable } from "../durable-file.ts";
import type { Lake } from "./lake.ts";
import { asLakeError } from "./lake-error.ts";

/**
 * Gives a file of lines through which rows go into a table, and removes it afterwards. What an earlier call left there is replaced.
 *
 * @param of.name Whose rows they are: one at a time has the file.
 * @throws UsherError What `work` throws, as an error of the lake.
 */
export async function throughFile<Result>(
  of: { lake: Lake; name: string },
  work: (file: string) => Promise<Result>,
): Promise<Result> {
  const folder = join(of.lake.folder, "sink");
  const file = join(folder, `${of.name}.ndjson`);
  try {
    await makeFolderDurable(folder);
    return await work(file);
  } catch (error) {
    throw asLakeError(error);
  } finally {
    await rm(file, { force: true }).catch(() => {}); // the next call replaces it
  }
}
