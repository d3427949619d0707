import type { ItemBody } from "../contracts/http.ts";
import { UsherError } from "../errors.ts";
import { httpClient } from "./http-client.ts";
import type { SimulatedItem } from "./tastes.ts";

/** What simulated people know of is at most the so many most popular items. */
const itemsMax = 20_000;

/**
 * The items that a server lists, the most popular first, at most 20,000.
 *
 * @throws UsherError `SERVER_UNREACHABLE`, nobody answers or no release serves; `DATA_EMPTY`, no item is listed.
 */
export async function itemsOfServer(address: string): Promise<SimulatedItem[]> {
  const client = httpClient(address, 1);
  const items: SimulatedItem[] = [];
  try {
    for (let cursor = ""; ; ) {
      const page = await pageOf(client, { address, cursor });
      for (const { item_id, genres, rating_count } of page.items)
        items.push({ itemId: item_id, groups: genres, popularity: rating_count });
      if (page.next_cursor === undefined || items.length >= itemsMax) break;
      cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
    }
  } finally {
    client.close();
  }
  if (items.length === 0) throw new UsherError("DATA_EMPTY", `${address}: expected items, found none`);
  return items;
}

async function pageOf(
  client: ReturnType<typeof httpClient>,
  { address, cursor }: { address: string; cursor: string },
): Promise<{ items: ItemBody[]; next_cursor?: string }> {
  try {
    const { status, text } = await client.send(`/v1/items?page_size=200${cursor}`);
    if (status === 200) return JSON.parse(text);
    throw new Error(`expected 200 of /v1/items, got ${status} ${text.slice(0, 300)}`);
  } catch (error) {
    throw new UsherError("SERVER_UNREACHABLE", `${address}: ${(error as Error).message}`, { cause: error });
  }
}
