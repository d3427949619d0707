// The pages of the Studio with an example of each, for pictures and tests: what is in the table of routes is in both.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const table = fileURLToPath(new URL("../studio/src/routes.ts", import.meta.url));

/** What stands in the addresses of examples for each name of a path; an answer of the server where it knows. */
const exampleNames = {
  item_id: async (ask) => (await ask("v1/items?page_size=1&sort=popularity")).items[0].item_id,
  user_id: async () => "viewer-0001",
  version: async (ask) => (await ask("health/ready")).model_version,
};

/** What pages are asked for that show little without. */
const exampleQueries = { search: "?query=star" };

/**
 * The table of routes, as `{ name, path }` in its order.
 *
 * @returns {{ name: string, path: string }[]}
 */
export const readRoutes = () =>
  [...readFileSync(table, "utf8").matchAll(/^ {4}name: "([\w-]+)",\n {4}path: "([^"]+)",$/gm)].map(
    ([, name = "", path = ""]) => ({ name, path }),
  );

/**
 * An address of every page, with names of the server's own filled in.
 *
 * @param {string} address Of a server that serves, such as `http://127.0.0.1:8000`.
 * @returns {Promise<Record<string, string>>} By route: `{ item: "#/item/7" }`.
 * @throws Error where a path has a name of which there is no example.
 */
export async function placesOf(address) {
  const ask = async (path) => (await fetch(`${address}/${path}`)).json();
  const places = {};
  for (const { name, path } of readRoutes()) {
    let place = path;
    for (const [, part = ""] of path.matchAll(/:(\w+)/g)) {
      const example = exampleNames[part];
      if (!example)
        throw new Error(
          `${path}: expected an example of ${part}, found none; add one to exampleNames in scripts/studio-places.js`,
        );
      place = place.replace(`:${part}`, encodeURIComponent(await example(ask)));
    }
    places[name] = `#${place}${exampleQueries[name] ?? ""}`;
  }
  return places;
}
