import { listLengthDefault, type surfaces, type windows } from "../contracts/http.ts";
import type { Person } from "../live/live-state.ts";
import type { Recommendations } from "../recommend/recommender.ts";
import { livingNow } from "./answers.ts";
import type { ServerContext, Serving } from "./context.ts";

/** From what a request is answered: one release and the live state of now. */
export interface Answering {
  readonly context: ServerContext;
  readonly serving: Serving;
}

/** A list that somebody asks for. */
export interface AskedList {
  readonly person: Person;
  readonly k: number;
  readonly surface?: (typeof surfaces)[number] | undefined;
  readonly window?: (typeof windows)[number] | undefined;
  readonly genre?: string | undefined;
  readonly excluded?: readonly string[] | undefined;
}

/** The list that a query of the API asks for. */
export function askedList(
  person: Person,
  query: Omit<AskedList, "person" | "k" | "excluded"> & { k?: number; exclude?: readonly string[] },
): AskedList {
  const { k = listLengthDefault, surface, window, genre, exclude } = query;
  return { person, k, surface, window, genre, excluded: exclude };
}

/** Makes a list for somebody from the release and everything they did until now. */
export async function listFor(answering: Answering, asked: AskedList): Promise<Recommendations> {
  const list = await listOf(answering, asked);
  answering.context.living?.answered?.(asked.person);
  return list;
}

async function listOf({ context, serving }: Answering, asked: AskedList): Promise<Recommendations> {
  const { person, surface = "for-you", window = "24h", ...wanted } = asked;
  const live = await context.living?.live.view(person);
  const userId = "userId" in person ? person.userId : undefined;
  const request = { ...wanted, userId, live, hideConsumed: context.hideConsumed };
  if (surface === "for-you") return serving.recommender.recommend(request);
  const { live: state } = livingNow(context);
  if (surface === "continue") return serving.recommender.continuing(request);
  const now = { window, items: await state.trending(window) };
  return serving.recommender.trending({ ...request, now });
}
