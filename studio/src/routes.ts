import type { ComponentType } from "preact";
import type { IconName } from "./design/icon.tsx";
import type { MessageKey } from "./i18n/en.ts";
import { hrefOf, match } from "./router.ts";

/** What a page is given: what its address says. */
export interface PageProps {
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}
export type Page = ComponentType<PageProps>;

/** One page. Navigation, palette, titles and what is loaded are made from this table. */
export interface Route {
  readonly name: string;
  /** Of the address behind its `#`; `:name` stands for anything. Without names the page is in the palette. */
  readonly path: string;
  readonly title: MessageKey;
  /** Pages of operators are shown to administrators. */
  readonly group: "viewer" | "operator";
  readonly icon: IconName;
  /** Whether it stands in the navigation. */
  readonly isInBar?: boolean;
  /** A key that leads there. */
  readonly shortcut?: string;
  load(): Promise<Page>;
}

export const routes = [
  {
    name: "home",
    path: "/",
    title: "route.home",
    group: "viewer",
    icon: "home",
    isInBar: true,
    shortcut: "h",
    load: async () => (await import("./viewer/home.tsx")).Home,
  },
  {
    name: "search",
    path: "/search",
    title: "route.search",
    group: "viewer",
    icon: "search",
    load: async () => (await import("./viewer/search.tsx")).Search,
  },
  {
    name: "item",
    path: "/item/:item_id",
    title: "route.item",
    group: "viewer",
    icon: "item",
    load: async () => (await import("./viewer/item.tsx")).Item,
  },
  {
    name: "library",
    path: "/library",
    title: "route.library",
    group: "viewer",
    icon: "bookmark",
    isInBar: true,
    shortcut: "l",
    load: async () => (await import("./viewer/library.tsx")).Library,
  },
  {
    name: "shortcuts",
    path: "/shortcuts",
    title: "route.shortcuts",
    group: "viewer",
    icon: "keyboard",
    shortcut: "?",
    load: async () => (await import("./shortcuts.tsx")).Shortcuts,
  },
  {
    name: "system",
    path: "/system",
    title: "route.system",
    group: "operator",
    icon: "system",
    isInBar: true,
    load: async () => (await import("./operator/overview.tsx")).Overview,
  },
  {
    name: "models",
    path: "/system/models",
    title: "route.models",
    group: "operator",
    icon: "model",
    load: async () => (await import("./operator/models.tsx")).Models,
  },
  {
    name: "data",
    path: "/system/data",
    title: "route.data",
    group: "operator",
    icon: "data",
    load: async () => (await import("./operator/data.tsx")).Data,
  },
  {
    name: "events",
    path: "/system/events",
    title: "route.events",
    group: "operator",
    icon: "spark",
    load: async () => (await import("./operator/events.tsx")).Events,
  },
  {
    name: "workflow",
    path: "/system/workflow",
    title: "route.workflow",
    group: "operator",
    icon: "flow",
    load: async () => (await import("./operator/workflow.tsx")).Workflow,
  },
  {
    name: "statistics",
    path: "/system/statistics",
    title: "route.statistics",
    group: "operator",
    icon: "chart",
    load: async () => (await import("./operator/statistics.tsx")).Statistics,
  },
  {
    name: "settings",
    path: "/system/settings",
    title: "route.settings",
    group: "operator",
    icon: "key",
    load: async () => (await import("./operator/settings.tsx")).Settings,
  },
] as const satisfies readonly Route[];

export type RouteName = (typeof routes)[number]["name"];

/** Every route as one type, so that what only some have can be asked of all. */
export const allRoutes: readonly Route[] = routes;

/** The address of a page: `hrefTo("item", { item_id: "7" })` is `#/item/7`. */
export function hrefTo(
  name: RouteName,
  names: Record<string, string> = {},
  query: Record<string, string> = {},
): string {
  const path = routes.find((route) => route.name === name)?.path ?? "/";
  return hrefOf(path, names, query);
}

/** The page of a path, with what its address names; `undefined` where there is none. */
export function routeOf(path: string): { route: Route; names: Record<string, string> } | undefined {
  for (const route of allRoutes) {
    const names = match(route.path, path);
    if (names) return { route, names };
  }
  return undefined;
}
