import { columnsOf } from "./text-columns.ts";
import type { TextFormat } from "./text-format.ts";
import { readRecords } from "./text-records.ts";
import { scanText, type TextScan } from "./text-scan.ts";

/** A file with its checksums and how many rows it holds. */
export interface CountedFile {
  readonly scan: TextScan;
  readonly rowCount: number;
}

const anyCsv: TextFormat = { delimiter: ",", quoted: true, encoding: "utf-8", header: true, columns: [] };

/**
 * Counts the rows of a file the way an import does: the rows under the header of a `.csv`, else the lines that are not empty.
 *
 * @param delimiter Of a file with a header, whatever it is called. Default: a comma, where it is a `.csv`.
 * @throws UsherError `DATA_EMPTY`, `SOURCE_ENCODING`, `SOURCE_DAMAGED`.
 */
export async function countFile(path: string, filename: string, delimiter?: string): Promise<CountedFile> {
  if (delimiter === undefined && !filename.endsWith(".csv")) {
    const scan = await scanText(path, { filename });
    return { scan, rowCount: scan.lineCount - scan.emptyLineCount };
  }
  const file = { filename, format: { ...anyCsv, delimiter: delimiter ?? anyCsv.delimiter } };
  const scan = await scanText(path, file);
  if (scan.isPlain) return { scan, rowCount: scan.lineCount - scan.emptyLineCount - 1 };
  const { names } = await columnsOf(path, file);
  let rows = 0;
  for await (const batch of readRecords(path, { ...file, fieldCount: names.length })) rows += batch.length;
  return { scan, rowCount: rows - 1 };
}
