import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Configuration } from "./contracts/configuration.ts";
import type { Progress } from "./contracts/progress.ts";
import { isShown } from "./data/catalogue.ts";
import { UsherError } from "./errors.ts";
import type { HomePaths } from "./home/home.ts";
import type { Lake } from "./lake/lake.ts";
import type { LiveView } from "./live/live-view.ts";
import { type Publication, publishLists, recommendedItem } from "./publish/publish-lists.ts";
import type { ServedRelease } from "./recommend/recommender.ts";
import type { AskedLists, Living, PublishedLists, ServerContext, Serving } from "./server/context.ts";
import { makeList } from "./server/person-list.ts";
import { openLmdbRecommendationStore } from "./stores/lmdb-recommendation-store.ts";
import type { RecommendationStore, StoredList } from "./stores/recommendation-store.ts";

/** The published lists of a home. The store is opened when it is first needed. */
export interface HomeLists extends PublishedLists {
  /**
   * Makes and publishes lists of the release that serves.
   * @throws UsherError `NOT_READY`: none serves; what `publishLists` throws.
   */
  publish(options?: AskedLists & { onProgress?: Progress; signal?: AbortSignal }): Promise<Publication>;
  close(): Promise<void>;
}

/** What lists are made of at this moment. */
interface Sources {
  readonly serving: Serving | undefined;
  readonly release: ServedRelease | undefined;
  readonly living: Living | undefined;
}

const hourMs = 3600_000;

/**
 * The lists of a home.
 *
 * @param options.isOwner Whether this process may write the home; others read beside it.
 * @param options.now What serves at this moment.
 * @param options.context That of the server, by which live answers are made.
 */
export function listsOf(options: {
  paths: HomePaths;
  lake: Lake;
  configuration: Configuration;
  isOwner: boolean;
  now: () => Sources;
  context: () => ServerContext;
}): HomeLists {
  const { paths, lake, configuration, isOwner, now, context } = options;
  let opened: Promise<RecommendationStore> | undefined;
  const store = (): Promise<RecommendationStore> => {
    opened ??= openLmdbRecommendationStore({ folder: paths.lists, readOnly: !isOwner });
    opened.catch(() => {
      opened = undefined; // the disk may be there the next time
    });
    return opened;
  };
  /** The store, where something was ever published. */
  const present = async () =>
    opened !== undefined || existsSync(join(paths.lists, "data.mdb")) ? store() : undefined;
  const viewOf = async (userId: string, nowMs?: number) => now().living?.live.view({ userId }, nowMs);

  return {
    current: async () => (await present())?.current(),
    storedListFor: async (userId, k) => {
      const { serving } = now();
      const found = serving && (await (await present())?.listOf(userId));
      if (!found) return undefined;
      const refused = refusedBy(await viewOf(userId), configuration.hide_consumed);
      return { edition: found.edition, list: shownPart(found.list, { serving, refused, k }) };
    },
    storedAudienceFor: async (itemId) => (await present())?.audienceOf(itemId),
    withdraw: async () => {
      const there = await present();
      await there?.publish(undefined);
      await there?.sweep();
    },
    publish: async ({ k, audienceK, expireHours, ...work } = {}) => {
      const { lists, hide_consumed: hideConsumed } = configuration;
      const { serving, release, living } = now();
      if (!serving || !release)
        throw new UsherError("NOT_READY", "no release serves whose lists could be published");
      const computedAtMs = Date.now();
      const trending = new Map(
        (await living?.live.trending("24h", computedAtMs))?.map(({ itemId, score }) => [itemId, score]),
      );
      const expiresAtMs = computedAtMs + (expireHours ?? lists.expire_hours) * hourMs;
      return publishLists({
        ...{ release, lake, store: await store(), hideConsumed, computedAtMs, expiresAtMs, ...work },
        ...{ k: k ?? lists.k, audienceK: audienceK ?? lists.audience_k },
        // as the server answers, but that nothing is tried out
        recommend: ({ userId, ...asked }) =>
          makeList({ context: context(), serving }, { ...asked, person: { userId }, nowMs: computedAtMs }),
        viewOf: (userId) => viewOf(userId, computedAtMs),
        isShown: (itemId) => isShown(serving.recommender.catalogue.get(itemId), { nowMs: computedAtMs }),
        trendingScoreOf: (itemId) => trending.get(itemId) ?? 0,
      });
    },
    close: async () => {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

/** What a user must not be shown, from what they did since the release was trained. */
function refusedBy(live: LiveView | undefined, hideConsumed: boolean): ReadonlySet<string> {
  const pairs = live?.pairs ?? [];
  return new Set(
    pairs
      .filter(({ isConsumed, isDenied }) => isDenied || (hideConsumed && isConsumed))
      .map(({ itemId }) => itemId),
  );
}

function shownPart(
  { surface, items }: StoredList,
  { serving, refused, k }: { serving: Serving; refused: ReadonlySet<string>; k: number },
) {
  const nowMs = Date.now();
  const itemOf = (itemId: string) => serving.items.get(itemId, { nowMs });
  const shown = items
    .filter(({ itemId }) => !refused.has(itemId) && itemOf(itemId) !== undefined)
    .slice(0, k)
    .flatMap((stored, at) => recommendedItem(stored, { rank: at + 1, itemOf }) ?? []);
  return { surface, items: shown };
}
