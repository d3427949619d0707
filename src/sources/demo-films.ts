import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UsherError } from "../errors.ts";

/** One film of the built-in demo. Unknown values are absent. */
export interface DemoFilm {
  /** Made of title and year: `jackie-brown-1997`. */
  readonly id: string;
  /** With the year in parentheses, as MovieLens writes titles. */
  readonly title: string;
  readonly year: number;
  /** `YYYY-MM-DD`. */
  readonly releaseDate: string;
  readonly genres: readonly string[];
  readonly director?: string;
  /** 1..10. */
  readonly imdbRating?: number;
  readonly imdbVotes?: number;
  /** Critics' score, 0..100 percent. */
  readonly rottenTomatoes?: number;
}

/** The data end in 2011; two-digit years of the last century stand there as later ones (`2039` is 1939). */
const lastYear = 2011;

/** More genres from the package's column "Creative Type". */
const genreOfType: Readonly<Record<string, string>> = {
  "Science Fiction": "Science Fiction",
  Fantasy: "Fantasy",
  "Super Hero": "Superhero",
  "Kids Fiction": "Children",
  "Historical Fiction": "History",
  Dramatization: "Biography",
};

const genresOfMajor: Readonly<Record<string, readonly string[]>> = {
  "Thriller/Suspense": ["Thriller"],
  "Romantic Comedy": ["Comedy", "Romance"],
  "Black Comedy": ["Comedy", "Black Comedy"],
  "Concert/Performance": ["Concert"],
};

/**
 * The films of npm's `vega-datasets`, cleaned: one per title and year (the one with the most votes), centuries put right, letters repaired.
 *
 * @throws UsherError `SOURCE_NOT_FOUND`: the package is not installed.
 * Source: `data/movies.json` of vega-datasets 3.2.1, 3,201 rows, of which it names neither source nor licence.
 */
export async function readDemoFilms(): Promise<DemoFilm[]> {
  const byId = new Map<string, DemoFilm>();
  for (const row of await readRows()) {
    const film = filmOf(row);
    if (!film) continue;
    const other = byId.get(film.id);
    if (!other || (film.imdbVotes ?? 0) > (other.imdbVotes ?? 0)) byId.set(film.id, film);
  }
  return [...byId.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
}

async function readRows(): Promise<Record<string, unknown>[]> {
  try {
    // the package exports code that fetches from the network; the data file lies beside that code
    const entry = createRequire(import.meta.url).resolve("vega-datasets");
    const path = join(dirname(entry), "..", "data", "movies.json");
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new UsherError(
      "SOURCE_NOT_FOUND",
      "demo: expected the npm package vega-datasets with data/movies.json",
      {
        cause: error,
      },
    );
  }
}

function filmOf(row: Record<string, unknown>): DemoFilm | undefined {
  const name = row["Title"];
  const released = releaseOf(row["Release Date"]);
  if ((typeof name !== "string" && typeof name !== "number") || !released) return undefined;
  const plainName = repaired(String(name))
    .replace(/ \(\d{4}\)$/, "")
    .trim();
  if (plainName === "") return undefined;
  const { year, releaseDate } = released;
  const director = row["Director"];
  return {
    id: `${slugOf(plainName)}-${year}`,
    title: `${plainName} (${year})`,
    year,
    releaseDate,
    genres: genresOf(row),
    ...(typeof director === "string" && director !== "" ? { director: repaired(director) } : {}),
    ...numberAs("imdbRating", row["IMDB Rating"]),
    ...numberAs("imdbVotes", row["IMDB Votes"]),
    ...numberAs("rottenTomatoes", row["Rotten Tomatoes Rating"]),
  };
}

function numberAs<Name extends string>(name: Name, value: unknown): { [key in Name]?: number } {
  return (typeof value === "number" && Number.isFinite(value) ? { [name]: value } : {}) as {
    [key in Name]?: number;
  };
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

function releaseOf(value: unknown): { year: number; releaseDate: string } | undefined {
  const [, monthName = "", day = "", yearText = ""] =
    /^([A-Z][a-z]{2}) (\d{2}) (\d{4})$/.exec(String(value)) ?? [];
  const month = months.indexOf(monthName) / 3 + 1;
  if (monthName === "" || !Number.isInteger(month)) return undefined;
  const year = Number(yearText) > lastYear ? Number(yearText) - 100 : Number(yearText);
  return { year, releaseDate: `${year}-${String(month).padStart(2, "0")}-${day}` };
}

function genresOf(row: Record<string, unknown>): string[] {
  const major = row["Major Genre"];
  const type = genreOfType[String(row["Creative Type"])];
  const genres = typeof major === "string" ? (genresOfMajor[major] ?? [major]) : [];
  return [...new Set([...genres, ...(type ? [type] : [])])];
}

function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, "-")
    .replace(/^-|-$/g, "");
  return slug === "" ? `film-${[...name].map((sign) => sign.codePointAt(0)?.toString(16)).join("-")}` : slug;
}

/** Windows-1252 that was read as Mac Roman once (`LÈon`) as what it was (`Léon`). */
function repaired(text: string): string {
  const bytes: number[] = [];
  for (const sign of text) {
    const code = sign.codePointAt(0) as number;
    const byte = code < 0x80 ? code : macRomanBytes.get(sign);
    if (byte === undefined) return text; // not from Mac Roman, so nothing was confused
    bytes.push(byte);
  }
  // Node 20 reads 0x85 of Windows-1252 as a control character
  return new TextDecoder("windows-1252").decode(Uint8Array.from(bytes)).replaceAll("\u0085", "\u2026");
}

const macRomanBytes = new Map<string, number>(
  Array.from({ length: 128 }, (_, at) => [
    new TextDecoder("macintosh").decode(Uint8Array.of(at + 128)),
    at + 128,
  ]),
);
