import { vi } from "vitest";

/** What modules of the Studio look at when they are loaded, for tests of their tables and functions; pages are tried in a real browser. */
export function stubBrowser(): void {
  const nothing = () => {};
  const store = new Map<string, string>();
  const storage = {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => void store.set(key, value),
    removeItem: (key: string) => void store.delete(key),
  };
  vi.stubGlobal("location", { hash: "" });
  vi.stubGlobal("addEventListener", nothing);
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: nothing }));
  vi.stubGlobal("localStorage", storage);
  vi.stubGlobal("sessionStorage", storage);
  vi.stubGlobal("document", {
    addEventListener: nothing,
    documentElement: { dataset: {} },
    baseURI: "http://127.0.0.1/",
  });
}
