import { openCsv } from "./csv.ts";
import { openDemo } from "./demo.ts";
import { openMovielens } from "./movielens.ts";
import type { OpenedSource, SourceSpec } from "./source.ts";

/** Looks at a data set without copying anything. @throws UsherError `SOURCE_NOT_FOUND`, `SOURCE_UNKNOWN`, `SOURCE_AMBIGUOUS`. */
export function openSource(spec: SourceSpec): Promise<OpenedSource> {
  const opened = { demo: openDemo, csv: openCsv, movielens: openMovielens }[spec.source];
  return opened(spec.location, spec);
}
