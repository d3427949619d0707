import type { StagingName } from "../contracts/imports.ts";
import { type Layout, type LayoutFolder, openLayoutFolder } from "./layout-folder.ts";
import { type Mapping, mappedFiles, mappedStaging, mappingFile, readMapping } from "./mapping.ts";
import { genreList, ratingsStaging, timeOfSeconds } from "./movielens-staging.ts";
import type { BronzeInput, OpenedSource } from "./source.ts";

const csv = { delimiter: ",", quoted: true, encoding: "utf-8", header: true } as const;

/** What an item may have beside id and title: column → its value as an expression. */
const itemColumns = {
  genres: genreList("genres"),
  release_year: "TRY_CAST(release_year AS INTEGER)",
  description: "nullif(description, '')",
  poster_url: "nullif(poster_url, '')",
} as const;

/** Names of the files by what they hold. */
export const csvFiles = { ratings: "ratings.csv", items: "items.csv" } as const;
const ratingsPattern = /^ratings.*\.csv$/;

/** The name that a file stands for, such as `ratings.csv` for `ratings-2.csv`; `undefined` for a file that is none of ours. */
export function csvFileOf(name: string): string | undefined {
  if (ratingsPattern.test(name)) return csvFiles.ratings;
  return name === csvFiles.items ? name : undefined;
}

const layout: Layout<"csv"> = {
  name: "csv",
  title: "ratings and items of your own",
  files: [
    {
      name: ratingsPattern,
      shown: csvFiles.ratings,
      table: "ratings",
      staging: "ratings",
      required: true,
      format: {
        ...csv,
        columns: ["user_id", "item_id", "rating"],
        optional: ["timestamp"],
        lastValueExpected: true,
      },
    },
    {
      name: csvFiles.items,
      shown: csvFiles.items,
      table: "items",
      staging: "items",
      required: false,
      format: { ...csv, columns: ["item_id", "title"], optional: Object.keys(itemColumns) },
    },
  ],
};

/**
 * Opens a folder with a catalogue of one's own: `ratings.csv` and, where items have titles, `items.csv`; or the files that its
 * `mapping.json` describes.
 *
 * @throws UsherError as `openLayoutFolder` and `mappedFiles`.
 */
export async function openCsv(folder: string, options: LayoutFolder = {}): Promise<OpenedSource> {
  const { mapping, bytes } = (await readMapping(folder)) ?? {};
  const files = mapping
    ? await mappedFiles(folder, mapping)
    : (await openLayoutFolder(folder, { source: "csv", layouts: [layout], ...options })).files;
  return {
    source: "csv",
    datasetName: "csv",
    datasetVersion: "1",
    sourceUrl: "",
    licence: "Your own data.",
    files,
    ...(bytes ? { documents: [{ filename: mappingFile, bytes }] } : {}),
    shape: { source: "csv", ...(mapping ? { mapping } : {}) },
  };
}

/** Seconds since 1970, or a time as ISO 8601 (UTC where it names no zone). */
const timeOf = (column: string) =>
  `coalesce(${timeOfSeconds(column)}, TRY_CAST(${column} AS TIMESTAMP WITH TIME ZONE))`;

/** The silver inputs of one's own files. Without a catalogue the rated items are the catalogue, each with its id as its title. */
export function csvStaging(
  inputs: ReadonlyMap<string, BronzeInput>,
  mapping?: Mapping,
): Partial<Record<StagingName, string>> {
  if (mapping) return mappedStaging(mapping, inputs, timeOf);
  const ratings = inputs.get("ratings") as BronzeInput;
  const items = inputs.get("items");
  const columns = { user: "user_id", item: "item_id", rating: "rating", time: "timestamp" };
  return {
    ratings: ratingsStaging(ratings, columns, timeOf),
    items: items ? describedItems(items) : ratedItems(ratings),
  };
}

function describedItems({ relation, columns }: BronzeInput): string {
  const more = Object.entries(itemColumns)
    .filter(([name]) => columns.includes(name))
    .map(([name, value]) => `, ${value} AS ${name}`);
  return `SELECT source_file, line, item_id, title${more.join("")} FROM ${relation} ORDER BY line`;
}

function ratedItems({ relation }: BronzeInput): string {
  return `SELECT any_value(source_file) AS source_file, min(line) AS line, item_id, item_id AS title
    FROM ${relation} WHERE trim(item_id) <> '' GROUP BY item_id ORDER BY line`;
}
