import { listLengthMax } from "../contracts/http.ts";
import type { SurfaceDocument } from "../contracts/surfaces.ts";
import { type Catalogue, type Item, unknownItem } from "../data/catalogue.ts";
import { namesIn, type UserFeatures } from "../data/user-features.ts";
import { UsherError } from "../errors.ts";
import type { LiveView } from "../live/live-view.ts";
import type { Asked, Choice, ServedRelease, TrendingNow } from "./asked.ts";
import { type Blocked, blockedBy, type Restriction } from "./blocked.ts";
import { defaultSurface } from "./built-in-surfaces.ts";
import type { Content } from "./content.ts";
import { explore } from "./explore.ts";
import type { Filter } from "./filter/compile.ts";
import { hashOf } from "./id-hash.ts";
import { type KnownPerson, KnownPersons } from "./known-person.ts";
import { noIndexes, type Offer, presentOffer } from "./offer.ts";
import { clipRating, type Page, type RecommendedItem, shownItems } from "./page.ts";
import { type PersonHistory, personHistory } from "./person-history.ts";
import { runPipeline, type StageName, stageNames } from "./pipeline.ts";
import { builtInPlans, type Plan } from "./plan.ts";
import { holds } from "./shelves.ts";
import { recentLikes } from "./sources.ts";

export type { ServedRelease, TrendingNow } from "./asked.ts";
export type { RecommendedItem, ShownItem } from "./page.ts";

/** An answer. */
export interface Recommendations {
  /** Which surface answered: the one that was asked for, or the one that it falls back to where it knows nothing of the person. */
  readonly surface: string;
  readonly surfaceVersion: number;
  readonly items: readonly RecommendedItem[];
  readonly isFallback: boolean;
  /** Of an empty list: what left nothing, such as `filter`; `sources` where they had nothing. */
  readonly emptiedBy?: string;
  /** Time that each stage took, ms; of a page from memory none. */
  readonly stagesMs: Readonly<Partial<Record<StageName, number>>>;
}

/** For whom a list is, and what must be in it. */
export interface ListRequest {
  /** Absent for a visitor without an account, of whom only `live` is known. */
  readonly userId?: string | undefined;
  /** 1..200. */
  readonly k: number;
  /** Only items of this genre; one that no item has gives an empty list. */
  readonly genre?: string | undefined;
  /** Ids that must not appear; unknown ones do no harm. */
  readonly excluded?: readonly string[] | undefined;
  /** What the person did since the release was trained. Disliked items never appear. */
  readonly live?: LiveView | undefined;
  /** Whether what was rated or completed is left out, where the surface does not say. Default true. */
  readonly hideConsumed?: boolean | undefined;
  /** How the list is made. Default: `for-you`. */
  readonly plan?: Plan | undefined;
  /** The plan of the surface that a silent one falls back to, by name. Default: those that are built in. */
  readonly fallback?: ((name: string) => Plan | undefined) | undefined;
  /** Only what passes, beside the filter of the surface. */
  readonly filter?: Filter | undefined;
  /** Instead of that of the surface, 0..1. */
  readonly diversity?: number | undefined;
  /** The item that `because-you-watched` is about. */
  readonly about?: string | undefined;
  /** Items, by index, that stood on the pages before: they do not come again, and ranks go on. */
  readonly shown?: { readonly count: number; readonly items: readonly number[] } | undefined;
  readonly trending?: TrendingNow | undefined;
  /** Genres or names of people that a newcomer chooses, beside those of `features`. */
  readonly chosen?: readonly string[] | undefined;
  readonly features?: UserFeatures | undefined;
  readonly device?: string | undefined;
  readonly country?: string | undefined;
  /** ms since 1970. Default: the clock. */
  readonly nowMs?: number | undefined;
  /** What exploration is drawn from, such as the id of the request. Default: nothing is tried. */
  readonly seed?: string | undefined;
}

/** Answers from one release. Everything is computed when it is asked, from the models and the user's history. */
export interface Recommender {
  readonly version: string;
  readonly catalogue: Catalogue;
  /**
   * The list of a surface, without what the person has consumed. Where no source of the surface can say anything for this person,
   * as for an unknown user or one without a liked item, the surface that it falls back to answers.
   *
   * @throws UsherError `PARAMETER_INVALID`: k out of range. `ITEM_UNKNOWN`: the item that it is about.
   * Cost of `for-you`: two fold-ins and one scoring of the catalogue by the ranker, one fold-in by the rater, and k explanations.
   */
  recommend(request: ListRequest): Recommendations;
  /** The best rated items for everybody, with predicted ratings of a new user. @throws UsherError `PARAMETER_INVALID`. */
  top(request: { k: number; genre?: string | undefined }): readonly RecommendedItem[];
  /** Learns what items are about, in turns, so that the first question about it need not wait. */
  prepare(): Promise<void>;
  /** What the user would rate the item, 0.5..5 in steps of 0.01. @throws UsherError `ITEM_UNKNOWN`. */
  predictRating(request: { userId: string; itemId: string }): number;
  /** What is present of a person: the item that they liked last and the genres that they like most, the most liked first. */
  tastes(request: Pick<ListRequest, "userId" | "live">): { lastLiked?: Item; genres: readonly string[] };
  /** The index of an item that is shown, −1 of any other: for cursors. */
  indexOf(itemId: string): number;
  /** Hash of each item's id, by index: for cursors. */
  readonly idHashes: () => Uint32Array;
  /** How the items of the catalogue resemble each other now. Cost: O(traits of all items) at first; O(items) after a change. */
  readonly content: () => Content;
}

function checkLength(k: number): void {
  if (!Number.isInteger(k) || k < 1 || k > listLengthMax) {
    throw new UsherError("PARAMETER_INVALID", `k: expected an integer in 1..${listLengthMax}, got ${k}`, {
      details: { field: "k" },
    });
  }
}

const forYou = builtInPlans.get(defaultSurface) as Plan;
const topPlan = builtInPlans.get("top") as Plan;

/**
 * Makes answers from a release and the catalogue over it.
 *
 * The buffers that scoring needs are made once; an answer allocates only what it returns. For one thread.
 *
 * @param options.catalogue A `LiveCatalogue`, whose changes the next answer follows; or that of the release alone.
 * Cost: O(ratings + items · log items), once; O(items) at the first answer after a change of the catalogue.
 */
export function recommender(options: { release: ServedRelease; catalogue: Catalogue }): Recommender {
  return new ReleaseRecommender(options.release, options.catalogue);
}

class ReleaseRecommender implements Recommender {
  readonly version: string;
  readonly catalogue: Catalogue;
  readonly #release: ServedRelease;
  readonly prepare: () => Promise<void>;
  readonly #offer: () => Offer;
  #buffers: readonly [Int32Array, Int32Array] = [noIndexes, noIndexes];
  #hashes: Uint32Array = new Uint32Array(0);
  readonly #persons = new KnownPersons();

  constructor(release: ServedRelease, catalogue: Catalogue) {
    this.version = release.version;
    this.catalogue = catalogue;
    this.#release = release;
    const { items, ratings } = release.set;
    const { now, prepare } = presentOffer({ catalogue, vocabulary: items, ratings });
    this.#offer = now;
    this.prepare = prepare;
  }

  recommend(request: ListRequest): Recommendations {
    checkLength(request.k);
    const began = performance.now();
    const { page, endsMs } = this.#page(request);
    const { plan, asked, rest } = page;
    const list = explore(page.list, { plan, asked, rest, seed: request.seed });
    const exploredMs = performance.now();
    const items = shownItems(page, list);
    const ends = [...endsMs, exploredMs, performance.now()];
    const stagesMs: Partial<Record<StageName, number>> = {};
    for (const [at, name] of endsMs.length === 0 ? [] : stageNames.entries()) {
      stagesMs[name] = (ends[at] ?? 0) - (ends[at - 1] ?? began);
    }
    return {
      surface: page.plan.document.name,
      surfaceVersion: page.plan.version,
      items,
      isFallback: page.isFallback,
      ...(items.length === 0 ? { emptiedBy: page.emptiedBy ?? "sources" } : {}),
      stagesMs,
    };
  }

  top({ k, genre }: { k: number; genre?: string | undefined }): readonly RecommendedItem[] {
    return this.recommend({ k, genre, plan: topPlan }).items;
  }

  predictRating({ userId, itemId }: { userId: string; itemId: string }): number {
    const index = this.#shownIndex(itemId, this.#offer());
    const { ratings } = personHistory(this.#release.set, { userId, live: undefined });
    return clipRating(this.#release.rater.scoreChosen(ratings, [index])[0] ?? 0);
  }

  tastes(request: Pick<ListRequest, "userId" | "live">): { lastLiked?: Item; genres: readonly string[] } {
    const offer = this.#offer();
    const person = this.#known(request, offer).history;
    const { asked } = this.#asked({ ...request, k: 1 }, { plan: topPlan, offer, person });
    const lastLiked = recentLikes(asked, 5).find((index) => offer.isShown(index, asked.context));
    const weights = new Map<string, number>();
    asked.person.tastes.items.forEach((index, at) => {
      for (const genre of offer.items[index]?.genres ?? []) {
        weights.set(genre, (weights.get(genre) ?? 0) + (asked.person.tastes.values[at] ?? 0));
      }
    });
    const genres = [...weights].sort(([, left], [, right]) => right - left).map(([genre]) => genre);
    return { ...(lastLiked === undefined ? {} : { lastLiked: offer.items[lastLiked] as Item }), genres };
  }

  indexOf(itemId: string): number {
    const offer = this.#offer();
    const index = offer.indexOf(itemId);
    return holds(offer.shelves.all.items, index) ? index : -1;
  }

  readonly idHashes = (): Uint32Array => {
    const { items } = this.#offer();
    if (this.#hashes.length !== items.length) {
      this.#hashes = Uint32Array.from(items, (item) => hashOf(item?.itemId ?? ""));
    }
    return this.#hashes;
  };

  readonly content = (): Content => this.#offer().content;

  /** The page that a request asks for, and when its stages ended: from memory, without any, where the same person has been given it and nothing has changed. */
  #page(request: ListRequest): { page: Page; endsMs: readonly number[] } {
    const offer = this.#offer();
    const wanted = planFor(request);
    const known = this.#known(request, offer);
    const name = offer.isTimeless && wanted.isSteady ? pageName(request, wanted) : undefined;
    const kept = name === undefined ? undefined : known.pages.get(name);
    if (kept && isSamePage(kept, { request, wanted })) return { page: kept, endsMs: [] };
    let plan = wanted;
    let { asked, blocked } = this.#asked(request, { plan, offer, person: known.history });
    let result = runPipeline(plan, asked);
    const other = result.isSilent ? fallbackOf(wanted, request) : undefined;
    if (other) {
      plan = planFor({ ...request, plan: other });
      ({ asked, blocked } = this.#asked(request, { plan, offer, person: known.history }));
      result = runPipeline(plan, asked);
    }
    const { list, rest, endsMs } = result;
    const isKept = name !== undefined && plan.isSteady && list.length <= keptItemsMax;
    const page: Page = {
      ...{ wanted, plan, isFallback: other !== undefined, features: request.features, list, rest },
      asked: isKept ? { ...asked, blocked: asked.blocked.slice() } : asked,
      items: new Array(list.length).fill(undefined),
      emptiedBy: blocked.emptiedBy(),
    };
    if (isKept) keep(known.pages, name, page);
    return { page, endsMs };
  }

  #known({ userId, live }: Pick<ListRequest, "userId" | "live">, offer: Offer): KnownPerson {
    return this.#persons.of({ userId, live, offer }, () =>
      personHistory(this.#release.set, { userId, live, indexOf: offer.indexOf }),
    );
  }

  /** The request as the stages see it, and what is kept out of its list. Both are valid until the next call. */
  #asked(
    request: ListRequest,
    { plan, offer, person }: { plan: Plan; offer: Offer; person: PersonHistory },
  ): { asked: Asked; blocked: Blocked } {
    const { userId, live, k, shown, trending, features, nowMs = Date.now() } = request;
    const { country, device } = request;
    const context = { nowMs, country, device, surface: plan.document.name, userId, user: features };
    const shelf = request.genre === undefined ? offer.shelves.all : offer.shelves.ofGenre(request.genre);
    const indexes = (ids: readonly string[]) => indexesOf(ids.map(offer.indexOf));
    const about = request.about === undefined ? undefined : this.#shownIndex(request.about, offer);
    const { hide_consumed: hides = request.hideConsumed ?? true, rules = {} } = plan.document;
    const failing = (filter: Filter | undefined) => (filter ? offer.failing(filter, context) : noIndexes);
    // in the order in which an empty answer names what left nothing
    const restrictions: Restriction[] = [
      { name: "catalogue", items: offer.shelves.all.others },
      { name: "availability", items: offer.unavailable(context) },
      { name: "rules.never", items: rules.never ? indexes(rules.never) : noIndexes },
      { name: "disliked", items: person.denied },
      { name: "exclude", items: request.excluded ? indexes(request.excluded) : noIndexes },
      {
        name: "genre",
        items: shelf ? (request.genre === undefined ? noIndexes : shelf.others) : allOf(offer),
      },
      { name: "surface.filter", items: failing(plan.filter) },
      { name: "filter", items: failing(request.filter) },
      { name: "consumed", items: hides ? person.consumed : noIndexes },
      { name: "about", items: about === undefined ? noIndexes : Int32Array.of(about) },
      { name: "cursor", items: shown ? indexesOf(shown.items) : noIndexes },
    ];
    const size = offer.items.length;
    if (this.#buffers[0].length !== size) this.#buffers = [new Int32Array(size), new Int32Array(size)];
    const blocked = blockedBy(restrictions, { buffers: this.#buffers, size });
    const asked: Asked = {
      release: this.#release,
      offer,
      person,
      live,
      blocked: blocked.items,
      shelf: shelf?.items ?? noIndexes,
      document: plan.document,
      k,
      offset: shown?.count ?? 0,
      about,
      trending,
      chosen: chosenBy(request),
      context,
    };
    return { asked, blocked };
  }

  #shownIndex(itemId: string, offer: Offer): number {
    const index = offer.indexOf(itemId);
    if (!offer.isShown(index, { nowMs: Date.now() })) throw unknownItem(itemId);
    return index;
  }
}

/** Items that the pages remembered of one person have together: some kilobyte each. */
const keptItemsMax = 60;

/** Remembers a page; where that would be too much of a person, instead of what was remembered. */
function keep(pages: Map<string, Page>, name: string, page: Page): void {
  let items = page.list.length;
  for (const kept of pages.values()) items += kept.list.length;
  if (items > keptItemsMax) pages.clear();
  pages.set(name, page);
}

/** Names the page of a person that a request asks for; `undefined` where the request itself says more of what must be on it. */
function pageName(request: ListRequest, { document: { name } }: Plan): string | undefined {
  const { k, genre = "", hideConsumed, excluded = [], chosen = [], seed } = request;
  const { filter, diversity, about, shown } = request;
  const isSpecial = filter ?? diversity ?? about ?? shown;
  if (isSpecial !== undefined || excluded.length + chosen.length > 0) return undefined;
  return `${name} ${k} ${hideConsumed} ${seed === undefined} ${genre}`;
}

/** Whether a page that is remembered is still what a request of its name asks for. */
function isSamePage(page: Page, { request, wanted }: { request: ListRequest; wanted: Plan }): boolean {
  if (page.wanted !== wanted || page.features !== request.features) return false;
  return !page.isFallback || fallbackOf(wanted, request) === page.plan;
}

/** The surface that answers where one has nothing to say of a person. */
function fallbackOf({ document }: Plan, request: ListRequest): Plan | undefined {
  const { fallback = (name: string) => builtInPlans.get(name) } = request;
  return document.fallback === undefined ? undefined : fallback(document.fallback);
}

/** The plan of a request, with what the request changes. */
function planFor({ plan = forYou, diversity }: ListRequest): Plan {
  if (diversity === undefined) return plan;
  const document: SurfaceDocument = { ...plan.document, diversity };
  return { ...plan, document, chooses: plan.chooses || diversity > 0 };
}

/** What a newcomer has chosen: genres of the request; genres, people and languages of their features. */
function chosenBy({ chosen = [], features = {} }: ListRequest): Choice {
  const said = (...names: string[]) => names.flatMap((name) => namesIn(features[name]));
  return { names: [...chosen, ...said("genres", "people")], languages: said("languages", "language") };
}

/** Ascending and distinct; what is no index is left out. */
function indexesOf(indexes: readonly number[]): Int32Array {
  if (indexes.length === 0) return noIndexes;
  return Int32Array.from(new Set(indexes.filter((index) => index >= 0))).sort();
}

const allOf = ({ items }: Offer) => Int32Array.from(items.keys());
