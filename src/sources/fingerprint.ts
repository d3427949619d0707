import { createHash } from "node:crypto";
import { openSource } from "./open-source.ts";
import type { SourceSpec } from "./source.ts";
import { scanText } from "./text-scan.ts";

/** SHA-256 over the names and contents of files, in hexadecimal; their order does not matter. */
export function fingerprintOfFiles(files: readonly { filename: string; sha256: string }[]): string {
  const hash = createHash("sha256");
  const lines = files.map(({ filename, sha256 }) => `${sha256} ${JSON.stringify(filename)}\n`);
  for (const line of lines.sort()) hash.update(line);
  return hash.digest("hex");
}

/**
 * Tells one data set from another: equal exactly when the files that an import would read have the same names and bytes.
 *
 * @throws UsherError as `importSource` where the data set cannot be opened or read.
 * Cost: reads every file once.
 */
export async function fingerprintOfSource(spec: SourceSpec): Promise<string> {
  const files = [];
  const { files: tables, documents = [] } = await openSource(spec);
  for (const file of tables) files.push({ ...file, ...(await scanText(file.path, file)) });
  for (const { filename, bytes } of documents) {
    files.push({ filename, ...(await scanText(filename, { filename, bytes })) });
  }
  return fingerprintOfFiles(files);
}
