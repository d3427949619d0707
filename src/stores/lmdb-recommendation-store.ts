import { deflateRawSync, inflateRawSync } from "node:zlib";
import { UsherError } from "../errors.ts";
import {
  type BinaryDatabase,
  type LmdbEnvironment,
  type LmdbOptions,
  openLmdbEnvironment,
  textKeys,
} from "./lmdb-environment.ts";
import type { Edition, RecommendationStore, StoredAudience, StoredList } from "./recommendation-store.ts";

type Texts = BinaryDatabase<string>;

/** Key of the record that names the edition that is read. */
const currentKey = "current";
/** Lists that are removed in one transaction. */
const removedAtOnce = 2000;
/** Behind a name of an edition; no name holds it. */
const separator = "/";
/** The sign after {@link separator}: the end of an edition's keys. */
const afterSeparator = "0";

/**
 * The embedded recommendation store: one LMDB environment in a folder, one process that writes, others that may read.
 *
 * A list is one value, deflated JSON under `<edition>/u/<user id>` or `<edition>/i/<item id>`. Which edition is read is one record: a
 * read takes it and the list from one snapshot, so that a switch in between cannot mix two.
 *
 * @param options.now ms since 1970; by it editions expire. Default: the clock.
 * @throws UsherError `STORE_UNAVAILABLE`: the folder cannot be opened.
 */
export async function openLmdbRecommendationStore({
  now = Date.now,
  ...options
}: Omit<LmdbOptions, "code"> & { readonly now?: () => number }): Promise<RecommendationStore> {
  const environment = await openLmdbEnvironment({ ...options, code: "STORE_UNAVAILABLE" });
  const [editions, lists] = environment.databases(["editions", "lists"], textKeys) as [Texts, Texts];

  /** To be called inside a read. */
  const present = (): Edition | undefined => {
    const record = editions.get(currentKey);
    const edition = record && (JSON.parse(Buffer.from(record).toString()) as Edition);
    return edition && now() < edition.expiresAtMs ? edition : undefined;
  };
  const stored = (kind: "u" | "i", id: string) => {
    const edition = present();
    const value = edition && lists.get(keyOf(edition.name, kind, id));
    return value && edition ? { edition, value: unpacked(value) } : undefined;
  };

  return {
    current: async () => environment.read(present),
    put: async (edition, { users = [], items = [] }) => {
      checkName(edition);
      const values = [
        ...users.map((list) => [keyOf(edition, "u", list.userId), packed(list)] as const),
        ...items.map((audience) => [keyOf(edition, "i", audience.itemId), packed(audience)] as const),
      ];
      await environment.write(
        () => {
          for (const [key, value] of values) void lists.put(key, value);
        },
        { puts: values.length, bytes: values.reduce((sum, [, { length }]) => sum + length, 0) },
      );
    },
    publish: async (edition) => {
      if (edition) checkName(edition.name);
      const record = edition && Buffer.from(JSON.stringify(edition));
      await environment.write(
        () => {
          if (record) void editions.put(currentKey, record);
          else void editions.remove(currentKey);
        },
        { puts: record ? 1 : 0, bytes: record?.length ?? 0 },
      );
    },
    listOf: async (userId) =>
      environment.read(() => {
        const found = stored("u", userId);
        return found && { edition: found.edition, list: found.value as StoredList };
      }),
    audienceOf: async (itemId) =>
      environment.read(() => {
        const found = stored("i", itemId);
        return found && { edition: found.edition, audience: found.value as StoredAudience };
      }),
    sweep: async () => {
      const kept = environment.read(present)?.name;
      const gone = environment.read(() => editionsIn(lists)).filter((name) => name !== kept);
      for (const name of gone) await removeEdition(environment, lists, name);
      return gone.length;
    },
    close: () => environment.close(),
  };
}

const keyOf = (edition: string, kind: "u" | "i", id: string) =>
  `${edition}${separator}${kind}${separator}${id}`;

const packed = (list: StoredList | StoredAudience) => deflateRawSync(JSON.stringify(list));
const unpacked = (value: Uint8Array): unknown => JSON.parse(inflateRawSync(value).toString());

function checkName(edition: string): void {
  if (/^[\w.-]{1,64}$/.test(edition)) return;
  throw new UsherError(
    "PARAMETER_INVALID",
    `edition: expected 1..64 letters, digits, -, _ and ., got ${edition.slice(0, 80)}`,
  );
}

/** Names of all editions of which there is a list: one look at a key each. */
function editionsIn(lists: Texts): string[] {
  const names: string[] = [];
  for (let start = "!"; ; ) {
    const [key] = lists.getKeys({ start, limit: 1 });
    if (key === undefined) return names;
    const name = key.slice(0, key.indexOf(separator));
    names.push(name);
    start = `${name}${afterSeparator}`;
  }
}

async function removeEdition(environment: LmdbEnvironment, lists: Texts, name: string): Promise<void> {
  const range = { start: `${name}${separator}`, end: `${name}${afterSeparator}`, limit: removedAtOnce };
  for (;;) {
    const keys = environment.read(() => [...lists.getKeys(range)]);
    if (keys.length === 0) return;
    await environment.write(
      () => {
        for (const key of keys) void lists.remove(key);
      },
      { puts: 0, bytes: 0 },
    );
  }
}
