// Loaded before a program (`node --import`): changes one text of one of our built modules as it is loaded, so that a test can see
// itself catch a bug without the product knowing of it. `plant.js?module=stores/lmdb-environment.js&from=…&to=…`
import { register } from "node:module";

const { searchParams } = new URL(import.meta.url);
const change = Object.fromEntries(searchParams);
const hook = `
  let change;
  export const initialize = (given) => { change = given; };
  export async function load(url, context, next) {
    const loaded = await next(url, context);
    if (!url.endsWith("/dist/" + change.module)) return loaded;
    const text = Buffer.from(loaded.source).toString();
    if (text.split(change.from).length !== 2) throw new Error("planted bug: expected once in " + url + ": " + change.from);
    return { ...loaded, source: text.replace(change.from, () => change.to) };
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: change });
