import { cell } from "./cell.ts";
import { enterPage } from "./scroll.ts";

/** Where the page stands: everything behind the `#` of its address, so that a server need know one page only. */
export interface Place {
  /** Such as `/item/7`; its parts are still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export function placeNow(): Place {
  const [path = "", query = ""] = location.hash.slice(1).split("?", 2);
  return { path: path === "" ? "/" : path, query: new URLSearchParams(query) };
}

export const place = cell<Place>(placeNow());
addEventListener("hashchange", () => {
  enterPage();
  place.set(placeNow());
});

/** What stands in a path at the names of a pattern: `/item/:item_id` and `/item/7` give `{ item_id: "7" }`. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, got] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== got.length) return undefined;
  const found: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = decoded(got[at] ?? "");
    if (part.startsWith(":") && value !== "" && value !== undefined) found[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return found;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // somebody cut the address
  }
}

/** The address of a pattern with its names filled in: `#/item/7`. */
export function hrefOf(
  pattern: string,
  names: Record<string, string> = {},
  query: Record<string, string> = {},
): string {
  const path = pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(names[name] ?? ""));
  const asked = new URLSearchParams(query).toString();
  return `#${path}${asked === "" ? "" : `?${asked}`}`;
}

/** @param how.isSame Whether the place is the same, only said differently: the back button does not stop there. */
export function go(href: string, { isSame = false } = {}): void {
  if (!isSame) location.hash = href;
  else {
    history.replaceState(history.state, "", href);
    place.set(placeNow());
  }
}
