// What the checkers have in common. A JSON file, named by the first argument, holds the homes and what their writers were told:
// [{ home, batch, acked: [n…], refused: [n…], stores: n }]. Prints one JSON line for each home: { at, faults: [text…] }.
import { readFileSync, writeSync } from "node:fs";

/** Loads a built module. */
export const load = (name) => import(new URL(`../../dist/${name}`, import.meta.url).href);

/** Lets each look say what is wrong with each home; a home that a look cannot open is one of the things. */
export async function checkEach(looks) {
  for (const [at, home] of JSON.parse(readFileSync(process.argv[2], "utf8")).entries()) {
    const faults = [];
    for (const look of looks) {
      try {
        faults.push(...(await look(home)));
      } catch (error) {
        faults.push(`unopened: ${error.message}`);
      }
    }
    writeSync(1, `${JSON.stringify({ at, faults: faults.slice(0, 5) })}\n`);
  }
}
