import type { Configuration } from "../contracts/configuration.ts";
import { parseSourceSpec, type SourceSpec } from "../sources/source.ts";

/** The data set that was asked for, by option or configuration; `undefined` where none was. */
export function chosenSource({ source, ratings_file }: Configuration): SourceSpec | undefined {
  if (source === "") return undefined;
  return parseSourceSpec(source, ratings_file === "" ? {} : { ratingsFile: ratings_file });
}
