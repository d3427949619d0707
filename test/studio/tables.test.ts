import { beforeAll, describe, expect, it } from "vitest";
import { readRoutes } from "../../scripts/studio-places.js";
import { stubBrowser } from "./browser-globals.ts";

type Tables = typeof import("../../studio/src/routes.ts") &
  typeof import("../../studio/src/actions.ts") &
  typeof import("../../studio/src/palette.tsx") &
  typeof import("../../studio/src/me.ts") &
  typeof import("../../studio/src/router.ts");
let tables: Tables;
beforeAll(async () => {
  stubBrowser();
  tables = {
    ...(await import("../../studio/src/routes.ts")),
    ...(await import("../../studio/src/actions.ts")),
    ...(await import("../../studio/src/palette.tsx")),
    ...(await import("../../studio/src/me.ts")),
    ...(await import("../../studio/src/router.ts")),
  };
  const { me } = tables;
  me.set({ kind: "loopback", scopes: ["admin"], needs_key: false, version: "0", catalogue: "films" });
});

const twice = (names: readonly (string | undefined)[]) =>
  names.filter((name, at) => name !== undefined && names.indexOf(name) !== at);

describe("the tables of the Studio", () => {
  it("name each page and each action once, and give each shortcut to one of them", () => {
    const { allRoutes, actions } = tables;
    expect(twice([...allRoutes.map(({ name }) => name), ...allRoutes.map(({ path }) => path)])).toEqual([]);
    expect(twice(actions.map(({ name }) => name))).toEqual([]);
    expect(twice([...allRoutes, ...actions].map(({ shortcut }) => shortcut))).toEqual([]);
  });

  it("are what the palette offers: every page without a name in its address, every action that can be done now", () => {
    const { allRoutes, actions, paletteEntries } = tables;
    const expected = [
      ...allRoutes.filter(({ path }) => !path.includes(":")).map(({ name }) => `route ${name}`),
      ...actions
        .filter(({ name }) => !["palette", "sign-out"].includes(name))
        .map(({ name }) => `action ${name}`),
    ];
    expect(paletteEntries().map(({ name }) => name)).toEqual(expected);
    expect(paletteEntries().every(({ text }) => text !== "")).toBe(true);
  });

  it("keep pages of operators from whoever is none", () => {
    const { me, paletteEntries } = tables;
    const before = me.value;
    me.set({ kind: "key", scopes: ["read"], needs_key: true, version: "0", catalogue: "films" });
    expect(paletteEntries().map(({ name }) => name)).not.toContain("route system");
    me.set(before);
  });

  it("are read by the scripts that open every page, with an example of each name", () => {
    expect(readRoutes()).toEqual(tables.allRoutes.map(({ name, path }) => ({ name, path })));
  });

  it("load a page for every route", async () => {
    for (const { name, load } of tables.allRoutes)
      expect([name, typeof (await load())]).toEqual([name, "function"]);
  });

  it("lead to every page by its address, and nowhere by any other", () => {
    const { routeOf, hrefTo, placeNow } = tables;
    const at = (href: string) => {
      location.hash = href;
      return routeOf(placeNow().path);
    };
    expect(at("")?.route.name).toBe("home");
    const ids = ["7", "a/b", "Amélie?", "100%", "#1 & more"];
    for (const item_id of ids)
      expect(at(hrefTo("item", { item_id }))).toMatchObject({ route: { name: "item" }, names: { item_id } });
    for (const lost of ["#/item", "#/item/", "#/item/7/8", "#/nowhere", "#/item/%ZZ"])
      expect(at(lost)).toBeUndefined();
  });
});
