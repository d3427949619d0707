import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Job, OurSide } from "./contest.ts";

/** `node contestant.js <question> <job.json>`: does our side of a question in this process and prints the answer as the last line. */
async function answer(question: string, file: string): Promise<void> {
  const { ours } = (await import(new URL(`./${question}.js`, import.meta.url).href)) as { ours: OurSide };
  const job = JSON.parse(readFileSync(file, "utf8")) as Job;
  console.log(JSON.stringify({ ...(await ours(job)), versions: { node: process.version } }));
}

const [program, question, file] = process.argv.slice(1);
if (program === fileURLToPath(import.meta.url)) await answer(question as string, file as string);
