import { useState } from "preact/hooks";
import type { CatalogueKind } from "../../../src/contracts/studio-http.ts";
import { type CoverArt, coverArt } from "./cover-art.ts";
import { titleOf } from "./title.ts";

/** What of an item its cover needs. */
export interface Covered {
  readonly item_id: string;
  readonly title: string;
  readonly release_year?: number;
  readonly genres: readonly string[];
  readonly poster_url?: string;
}

/** The picture of an item: its poster, else one that is made of what is known. Films 2:3, music square, books with a spine. */
export function Cover({ item, kind }: { item: Covered; kind: CatalogueKind }) {
  const [isBroken, setBroken] = useState(false);
  const hasPoster = item.poster_url?.startsWith("https:") && !isBroken;
  const { title } = titleOf(item);
  return (
    <span class={`cover of-${kind}`}>
      {hasPoster ? (
        <img
          class="cover-poster"
          src={item.poster_url}
          alt=""
          loading="lazy"
          onError={() => setBroken(true)}
        />
      ) : (
        <>
          <Art art={coverArt(item, kind === "music" ? 200 : 300)} height={kind === "music" ? 200 : 300} />
          <span class={`cover-title is-${sizeOf(title)}`} aria-hidden="true" dir="auto">
            {title}
          </span>
        </>
      )}
    </span>
  );
}

const sizeOf = (title: string) => {
  const longest = Math.max(...title.split(/\s+/).map((word) => word.length));
  if (title.length > 44) return "small";
  return title.length > 22 || longest > 10 ? "middle" : "large";
};

/** The picture alone, such as behind a headline. */
export function Backdrop({ item }: { item: Covered }) {
  return <Art art={coverArt(item, 300)} height={300} />;
}

function Art({ art: { ground, shapes }, height }: { art: CoverArt; height: number }) {
  const id = `ground-${ground.join("").replace(/\W/g, "")}`;
  return (
    <svg
      class="cover-art"
      viewBox={`0 0 200 ${height}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <defs>
        <linearGradient id={id} x2="0" y2="1">
          <stop stop-color={ground[0]} />
          <stop offset="1" stop-color={ground[1]} />
        </linearGradient>
      </defs>
      <rect width="200" height={height} fill={`url(#${id})`} />
      {shapes.map(({ tag: Tag, at }, place) => (
        <Tag key={place} {...at} />
      ))}
    </svg>
  );
}
