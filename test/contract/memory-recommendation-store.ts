import { UsherError } from "../../src/errors.ts";
import type {
  Edition,
  RecommendationStore,
  StoredAudience,
  StoredList,
} from "../../src/stores/recommendation-store.ts";

/** The plainest store that obeys the contract. */
export function memoryRecommendationStore(now: () => number): RecommendationStore {
  const users = new Map<string, Map<string, StoredList>>();
  const items = new Map<string, Map<string, StoredAudience>>();
  let published: Edition | undefined;
  let isClosed = false;
  const open = () => {
    if (isClosed) throw new UsherError("STORE_UNAVAILABLE", "closed");
  };
  const present = () => {
    open();
    return published && now() < published.expiresAtMs ? published : undefined;
  };
  const checked = (name: string) => {
    open();
    if (!/^[\w.-]{1,64}$/.test(name)) throw new UsherError("PARAMETER_INVALID", `edition: ${name}`);
    return name;
  };
  return {
    current: async () => present(),
    put: async (edition, lists) => {
      const name = checked(edition);
      const [ofUsers, ofItems] = [users.get(name) ?? new Map(), items.get(name) ?? new Map()];
      for (const list of lists.users ?? []) ofUsers.set(list.userId, list);
      for (const audience of lists.items ?? []) ofItems.set(audience.itemId, audience);
      users.set(name, ofUsers);
      items.set(name, ofItems);
    },
    publish: async (edition) => {
      if (edition) checked(edition.name);
      published = edition;
    },
    listOf: async (userId) => {
      const edition = present();
      const list = edition && users.get(edition.name)?.get(userId);
      return list && edition && { edition, list };
    },
    audienceOf: async (itemId) => {
      const edition = present();
      const audience = edition && items.get(edition.name)?.get(itemId);
      return audience && edition && { edition, audience };
    },
    sweep: async () => {
      const kept = present()?.name;
      const gone = [...users.keys()].filter((name) => name !== kept);
      for (const name of gone) {
        users.delete(name);
        items.delete(name);
      }
      return gone.length;
    },
    close: async () => {
      isClosed = true;
    },
  };
}
