import type { SurfaceDocument } from "../contracts/surfaces.ts";

/** Surfaces of every system. A saved document of the same name takes the place of one. */
export const builtInSurfaces: readonly SurfaceDocument[] = [
  {
    name: "for-you",
    title: "For you",
    sources: [{ source: "model" }],
    exploration: { share: 0.05, of: "new" },
    fallback: "top",
  },
  {
    name: "must-watch",
    title: "Must watch",
    sources: [{ source: "top", limit: 200 }],
    weights: { rating: 1, model: 0.5 },
    fallback: "top",
  },
  { name: "trending", title: "Trending now", sources: [{ source: "trending" }], fallback: "top" },
  { name: "top", title: "The best rated", sources: [{ source: "top" }] },
  { name: "popular", title: "What most people know", sources: [{ source: "popular" }] },
  { name: "new", title: "New", sources: [{ source: "new" }] },
  {
    name: "because-you-watched",
    title: "Because you watched",
    sources: [{ source: "similar-to-item" }],
    fallback: "top",
  },
  { name: "continue", title: "Continue", sources: [{ source: "continue" }] },
];

/** The surface that is meant where none is named. */
export const defaultSurface = "for-you";

/** What stands on a home screen, from above. An empty one is left out. */
export const homeRails: readonly { readonly surface: string; readonly of?: "recent" | "genre" }[] = [
  { surface: "continue" },
  { surface: "for-you" },
  { surface: "because-you-watched", of: "recent" },
  { surface: "trending" },
  { surface: "must-watch", of: "genre" },
  { surface: "new" },
  { surface: "top" },
];
