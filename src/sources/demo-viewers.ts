import { type Random, seededRandom, shuffle } from "../data/random.ts";
import type { DemoFilm } from "./demo-films.ts";

/** One rating of a synthetic viewer. */
export interface DemoRating {
  readonly userId: string;
  readonly filmId: string;
  /** 0.5..5 in half steps. */
  readonly rating: number;
  /** Seconds since 1970. */
  readonly time: number;
}

/** How the viewers are made. */
export interface DemoViewersOptions {
  /** Default 600. */
  readonly viewers?: number;
  /** Default 7. */
  readonly seed?: number;
}

/** First moment at which a viewer may begin: 2022-01-01. */
const firstTime = 1_640_995_200;
const daySeconds = 86_400;
/** Viewers belong to circles with a taste of their own, so that what one has seen tells something about another. */
const circleCount = 24;
const ratingsMin = 20;
const ratingsMax = 120;

/**
 * Ratings of viewers who do not exist: seeded, with planted tastes.
 *
 * A viewer mixes two circles' tastes. Which films they see follows taste and fame; how they rate follows taste, the film's quality,
 * their own mildness, and chance. So what is popular is a fair guess, and what similar viewers like is a better one.
 *
 * @returns By viewer, each viewer's in the order of time; the same seed gives the same ratings.
 * Cost: O(viewers · films · log films).
 */
export function demoRatings(films: readonly DemoFilm[], options: DemoViewersOptions = {}): DemoRating[] {
  const { viewers = 600, seed = 7 } = options;
  const random = seededRandom(seed);
  const circles = Array.from({ length: circleCount }, () => likingOfCircle(films, random));
  const fame = Float64Array.from(films, (film) => Math.log10(10 + (film.imdbVotes ?? 0)) - 1);
  const quality = Float64Array.from(
    films,
    (film) => ((film.imdbRating ?? 6.2) - 6.2) / 1.2 + ((film.rottenTomatoes ?? 55) - 55) / 60,
  );
  const ratings: DemoRating[] = [];
  for (let viewer = 1; viewer <= viewers; viewer++) {
    const first = circles[random.below(circleCount)] as Float64Array;
    const second = circles[random.below(circleCount)] as Float64Array;
    const mix = 0.65 + 0.35 * random.uniform();
    const liking = first.map((value, film) => mix * value + (1 - mix) * (second[film] as number));
    const mildness = 0.35 * random.normal();
    let time = firstTime + Math.floor(random.uniform() * 500 * daySeconds);
    for (const film of filmsSeen({ liking, fame, count: countOf(random) }, random)) {
      const taste = 0.55 * (liking[film] as number) + 0.35 * (quality[film] as number);
      ratings.push({
        userId: `viewer-${String(viewer).padStart(4, "0")}`,
        filmId: (films[film] as DemoFilm).id,
        rating: onScale(2.8 + mildness + taste + 0.45 * random.normal()),
        time,
      });
      time += 60 + Math.floor(-Math.log(1 - random.uniform()) * 2 * daySeconds);
    }
  }
  return ratings;
}

/** The nearest half step of 0.5..5. */
function onScale(value: number): number {
  return Math.min(5, Math.max(0.5, Math.round(2 * value) / 2));
}

/** Numbers of ratings: most viewers have few, some have many; about 56 on average. */
function countOf(random: Random): number {
  return Math.min(ratingsMax, Math.round(ratingsMin - 40 * Math.log(1 - random.uniform())));
}

/**
 * How much a circle of viewers likes each film, about −3..3: its genres, its director, its time, and what nothing in the catalogue
 * explains.
 */
function likingOfCircle(films: readonly DemoFilm[], random: Random): Float64Array {
  const weights = new Map<string, number>();
  const weightOf = (key: string, spread: number): number => {
    const known = weights.get(key);
    if (known !== undefined) return known;
    const made = spread * random.normal();
    weights.set(key, made);
    return made;
  };
  const era = 1975 + 35 * random.uniform();
  return Float64Array.from(films, ({ genres, director, year }) => {
    const genre = genres.reduce((sum, name) => sum + weightOf(`genre ${name}`, 0.9), 0);
    const years = (year - era) / 15;
    return (
      genre / Math.sqrt(Math.max(1, genres.length)) +
      (director ? weightOf(`director ${director}`, 0.6) : 0) +
      (0.5 - Math.min(1.5, 0.5 * years * years)) +
      0.7 * random.normal()
    );
  });
}

/** Draws films without replacement by taste and fame (Gumbel top-k), in the order in which they are seen. */
function filmsSeen(
  { liking, fame, count }: { liking: Float64Array; fame: Float64Array; count: number },
  random: Random,
): Int32Array {
  const keys = liking.map((value, film) => {
    const uniform = Math.max(random.uniform(), 1e-12);
    return 1.5 * value + 2.2 * (fame[film] as number) - Math.log(-Math.log(uniform));
  });
  const order = Int32Array.from(keys.keys()).sort(
    (left, right) => (keys[right] as number) - (keys[left] as number),
  );
  const seen = order.slice(0, count);
  shuffle(seen, random); // best-liked first would give the order of time away
  return seen;
}
