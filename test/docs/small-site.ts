import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "../../src/data/random.ts";
import { root } from "./blocks.ts";

/** A real server over a small data set, on which the printed commands are tried. */
export interface SmallSite {
  /** `http://127.0.0.1:<port>` */
  readonly address: string;
  /** A folder of its own for each call; `withHome`: `usher-home` in it is the home of the server. */
  folder(options: { withHome: boolean }): string;
  stop(): Promise<void>;
}

export const program = join(root, "bin", "usher.js");

const genres = ["Comedy", "Drama", "Thriller"];

/** 60 users, user 143 among them, and 24 films in three genres; each user likes one genre. Ids as the pages use them. */
function writeDataSet(folder: string): void {
  const random = seededRandom(7);
  const films = Array.from(
    { length: 24 },
    (_, at) => `${at + 1},Film ${at + 1} (${1980 + at}),${genres[at % 3]}`,
  );
  const ratings: string[] = [];
  const links = films.map((_, at) => `${at + 1},${String(1000 + at).padStart(7, "0")},${at + 50}`);
  for (let user = 1; user <= 60; user++) {
    for (let film = 1; film <= 24; film++) {
      if (random.uniform() < 0.4) continue;
      const liked = (film - 1) % 3 === user % 3;
      const rating = liked
        ? 3.5 + Math.floor(random.uniform() * 4) / 2
        : 1 + Math.floor(random.uniform() * 5) / 2;
      ratings.push(`${user === 60 ? 143 : user},${film},${rating.toFixed(1)},${1e9 + user * 1000 + film}`);
    }
  }
  mkdirSync(folder);
  writeFileSync(join(folder, "movies.csv"), ["movieId,title,genres", ...films, ""].join("\n"));
  writeFileSync(join(folder, "links.csv"), ["movieId,imdbId,tmdbId", ...links, ""].join("\n"));
  writeFileSync(join(folder, "ratings.csv"), ["userId,movieId,rating,timestamp", ...ratings, ""].join("\n"));
}

/** Runs `usher start` on a data set of its own and waits until it is ready. */
export async function startSmallSite(): Promise<SmallSite> {
  const folder = mkdtempSync(join(tmpdir(), "usher-docs-"));
  const home = join(folder, "home");
  writeDataSet(join(folder, "data"));
  const args = ["start", "--data", `movielens:${join(folder, "data")}`, "--home", home, "--port", "0"];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return {
      address: await readyAddress(child, () => said),
      folder: ({ withHome }) => {
        const own = mkdtempSync(join(folder, "run-"));
        if (withHome) symlinkSync(home, join(own, "usher-home"), "junction");
        return own;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function readyAddress(child: ChildProcess, said: () => string): Promise<string> {
  for (let tries = 0; tries < 1200; tries++) {
    if (child.exitCode !== null) throw new Error(`usher start ended with ${child.exitCode}:\n${said()}`);
    const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(said()) ?? [];
    if (address && (await fetch(`${address}/health/ready`).catch(() => undefined))?.ok) return address;
    await wait(50);
  }
  throw new Error(`usher start was not ready within 60 s:\n${said()}`);
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const deadline = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await end;
  clearTimeout(deadline);
}
