import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { guessOf, mismatches, type Shape } from "../contracts/mismatch.ts";
import { UsherError } from "../errors.ts";
import { sqlName, sqlText } from "../lake/sql-text.ts";
import type { BronzeInput, SourceFile } from "./source.ts";
import { bronzeName, columnsOf } from "./text-columns.ts";
import type { TextFormat } from "./text-format.ts";

/** Name of the document that says what the columns of one's own files mean. */
export const mappingFile = "mapping.json";

const strict = { additionalProperties: false } as const;
const Column = Type.String({ minLength: 1, maxLength: 200 });
const File = {
  file: Type.String({ pattern: "^[^/\\\\]{1,200}$" }),
  /** Between the columns. Default: a comma. */
  delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 4 })),
};
const Features = Type.Optional(Type.Array(Column, { maxItems: 100 }));

/** Columns of the files → fields of items, users and ratings. */
export const Mapping = Type.Object(
  {
    ratings: Type.Object(
      {
        ...File,
        user_id: Column,
        item_id: Column,
        rating: Column,
        timestamp: Type.Optional(Column),
        /** What the ratings run from and to; `max` becomes 5. Default: 0..5. */
        scale: Type.Optional(
          Type.Object(
            {
              min: Type.Optional(Type.Number({ minimum: -1000, maximum: 1000 })),
              max: Type.Number({ minimum: 0.5, maximum: 1000 }),
            },
            strict,
          ),
        ),
      },
      strict,
    ),
    items: Type.Optional(
      Type.Object(
        {
          ...File,
          item_id: Column,
          title: Column,
          release_year: Type.Optional(Column),
          release_date: Type.Optional(Column),
          genres: Type.Optional(Column),
          people: Type.Optional(
            Type.Array(Type.Object({ column: Column, role: Type.String({ maxLength: 100 }) }, strict), {
              maxItems: 20,
            }),
          ),
          description: Type.Optional(Column),
          language: Type.Optional(Column),
          poster_url: Type.Optional(Column),
          countries: Type.Optional(Column),
          features: Features,
        },
        strict,
      ),
    ),
    users: Type.Optional(
      Type.Object({ ...File, user_id: Column, country: Type.Optional(Column), features: Features }, strict),
    ),
    /** Between the entries of a list in one column. Default: `|`. */
    separator: Type.Optional(Type.String({ minLength: 1, maxLength: 4 })),
    /** Written before each id, so that those of several catalogues do not meet. */
    prefix: Type.Optional(
      Type.Object(
        {
          item: Type.Optional(Type.String({ maxLength: 32 })),
          user: Type.Optional(Type.String({ maxLength: 32 })),
        },
        strict,
      ),
    ),
  },
  strict,
);
export type Mapping = Static<typeof Mapping>;

const parts = ["ratings", "items", "users"] as const;
type Part = (typeof parts)[number];

/** The mapping document of a folder and its bytes, or `undefined` where it has none. @throws UsherError `MAPPING_INVALID`. */
export async function readMapping(
  folder: string,
): Promise<{ mapping: Mapping; bytes: Uint8Array } | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, mappingFile));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch (error) {
    throw new UsherError("MAPPING_INVALID", `${mappingFile}: expected JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (Value.Check(Mapping, document)) return { mapping: document, bytes };
  const errors = mismatches(document, Mapping as unknown as Shape);
  throw new UsherError(
    "MAPPING_INVALID",
    `${mappingFile}: ${errors.map(({ message }) => message).join("; ")}`,
    { details: { errors } },
  );
}

/** The files that a mapping names, and what stands between their columns. */
export const filesOf = (mapping: Mapping): { file: string; delimiter: string }[] =>
  parts.flatMap((part) => {
    const { file, delimiter = "," } = mapping[part] ?? {};
    return file === undefined ? [] : [{ file, delimiter }];
  });

/** Every column that a part of the mapping names, with the field that it is for. */
function namedColumns(mapping: Mapping, part: Part): { field: string; column: string }[] {
  const { file: _file, delimiter: _delimiter, ...fields } = mapping[part] ?? ({} as never);
  return Object.entries(fields as Record<string, unknown>).flatMap(([field, value]) => {
    if (typeof value === "string") return [{ field, column: value }];
    if (!Array.isArray(value)) return [];
    return value.map((one, at) => ({ field: `${field}[${at}]`, column: one.column ?? one }));
  });
}

/**
 * The files that a mapping names, after a look at their headers.
 *
 * @throws UsherError `MAPPING_INVALID`: a column that its file does not have, with the nearest one that it has; `SOURCE_NOT_FOUND`, a
 * file; the errors of reading one.
 */
export async function mappedFiles(folder: string, mapping: Mapping): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const part of parts) {
    const { file: filename, delimiter = "," } = mapping[part] ?? {};
    if (filename === undefined) continue;
    const path = join(folder, filename);
    const named = namedColumns(mapping, part);
    const format: TextFormat = {
      ...{ delimiter, quoted: true, encoding: "utf-8", header: true, columns: [] },
      optional: [...new Set(named.map(({ column }) => column))],
      ...(part === "ratings" ? { lastValueExpected: true } : {}),
    };
    const { names } = await columnsOf(path, { filename, format });
    for (const { field, column } of named) {
      if (names.includes(bronzeName(column))) continue;
      throw new UsherError(
        "MAPPING_INVALID",
        `${mappingFile}: ${part}.${field}: expected a column of ${filename}, got "${column}"${guessOf(column, names)}; the file has ${names.join(", ").slice(0, 500)}`,
        { details: { field: `${part}.${field}`, file: filename, column } },
      );
    }
    files.push({ path, filename, table: part, staging: part, format });
  }
  return files;
}

const text = (column: string) => `nullif(trim(${sqlName(bronzeName(column))}), '')`;
const idOf = (column: string, prefix = "") =>
  `CASE WHEN ${text(column)} IS NOT NULL THEN ${sqlText(prefix)} || ${text(column)} END`;
const map = (columns: readonly string[]) => {
  const entries = columns.map((column) => `{'k': ${sqlText(column)}, 'v': ${text(column)}}`);
  return `map_from_entries(list_filter([${entries.join(", ")}], lambda entry: entry.v IS NOT NULL))`;
};

/**
 * The silver inputs of mapped files. Ratings are brought to 0.5..5: `rating · 5 / max`, to the nearest half step, 0.5 at least; what lies
 * outside its scale is refused by the quality rules.
 *
 * @param timeOf A time of a text column, as an expression.
 */
export function mappedStaging(
  mapping: Mapping,
  inputs: ReadonlyMap<string, BronzeInput>,
  timeOf: (column: string) => string,
): { ratings: string; items: string; users?: string } {
  const { ratings, items, users, prefix = {}, separator = "|" } = mapping;
  const from = (part: Part) => (inputs.get(part) as BronzeInput).relation;
  const list = (column: string) =>
    `list_filter(list_transform(string_split(coalesce(${text(column)}, ''), ${sqlText(separator)}), lambda one: trim(one)), lambda one: one <> '')`;
  const itemId = idOf(ratings.item_id, prefix.item);
  const rating = text(ratings.rating);
  const time = ratings.timestamp;
  const staging = {
    ratings: `SELECT source_file, line, ${idOf(ratings.user_id, prefix.user)} AS user_id, ${itemId} AS item_id,
        ${rating} AS rating_text, ${scaled(`TRY_CAST(${rating} AS DOUBLE)`, ratings.scale)} AS rating,
        ${time === undefined ? "CAST(NULL AS TIMESTAMP WITH TIME ZONE)" : timeOf(sqlName(bronzeName(time)))} AS rating_ts,
        ${time === undefined ? "CAST(NULL AS VARCHAR)" : text(time)} AS rating_ts_text
      FROM ${from("ratings")} ORDER BY line`,
    items: `SELECT any_value(source_file) AS source_file, min(line) AS line, item_id, item_id AS title
      FROM (SELECT source_file, line, ${itemId} AS item_id FROM ${from("ratings")}) WHERE item_id IS NOT NULL
      GROUP BY item_id ORDER BY line`,
  };
  if (items) {
    const people = (items.people ?? []).map(
      ({ column, role }) =>
        `list_transform(${list(column)}, lambda one: {'name': one, 'role': ${sqlText(role)}})`,
    );
    const fields: Readonly<Record<string, string | undefined>> = {
      title: text(items.title),
      release_year: items.release_year && `TRY_CAST(${text(items.release_year)} AS INTEGER)`,
      release_date: items.release_date && `TRY_CAST(${text(items.release_date)} AS DATE)`,
      genres: items.genres && list(items.genres),
      people: people.length === 0 ? undefined : `flatten([${people.join(", ")}])`,
      description: items.description && text(items.description),
      language: items.language && text(items.language),
      poster_url: items.poster_url && text(items.poster_url),
      countries: items.countries && list(items.countries),
      features: items.features && map(items.features),
    };
    const chosen = Object.entries(fields).filter(([, value]) => value !== undefined);
    staging.items = `SELECT source_file, line, ${idOf(items.item_id, prefix.item)} AS item_id,
        ${chosen.map(([name, value]) => `${value} AS ${name}`).join(", ")}
      FROM ${from("items")} ORDER BY line`;
  }
  if (!users) return staging;
  const country = users.country === undefined ? "" : `, ${text(users.country)} AS country`;
  const features = users.features === undefined ? "" : `, ${map(users.features)} AS features`;
  return {
    ...staging,
    users: `SELECT source_file, line, ${idOf(users.user_id, prefix.user)} AS user_id${country}${features}
      FROM ${from("users")} ORDER BY line`,
  };
}

/** A rating on the internal scale; outside its own it stays outside, so that the quality rules see it. */
function scaled(value: string, scale: Mapping["ratings"]["scale"]): string {
  const finite = `CASE WHEN isfinite(${value}) THEN ${value} END`;
  if (!scale) return finite;
  const { min = 0, max } = scale;
  return `CASE WHEN ${finite} BETWEEN ${min} AND ${max} THEN greatest(0.5, round(${finite} * 10 / ${max}) / 2) WHEN isfinite(${value}) THEN 99 END`;
}
