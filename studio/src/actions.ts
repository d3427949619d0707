import { refreshShown } from "./api/answers.ts";
import { key } from "./api/client.ts";
import { cell, keptCell } from "./cell.ts";
import type { IconName } from "./design/icon.tsx";
import type { MessageKey } from "./i18n/en.ts";
import { signIn } from "./me.ts";
import { showPerson } from "./person.ts";
import { go } from "./router.ts";
import { allRoutes, hrefTo } from "./routes.ts";
import { shownTheme, theme } from "./theme.ts";

/** Something to do from anywhere. Palette, shortcuts and menus are made from this table. */
export interface Action {
  readonly name: string;
  readonly message: MessageKey;
  readonly icon: IconName;
  /** A key as the browser names it; `mod+k` = with Ctrl or Cmd. */
  readonly shortcut?: string;
  /** Default: always. */
  isOffered?(): boolean;
  run(): void;
}

/** Which window stands over the page. */
export const openDialog = cell<"palette" | "person" | undefined>(undefined);

/** Whether keys without Ctrl or Cmd do anything: some people speak to their computer, and every word would. */
export const singleKeys = keptCell<"on" | "off">("usher.single-keys", "on", () => localStorage);

export const searchFieldId = "search-field";

export const actions: readonly Action[] = [
  {
    name: "palette",
    message: "action.palette",
    icon: "spark",
    shortcut: "mod+k",
    run: () => openDialog.set("palette"),
  },
  {
    name: "search",
    message: "action.search",
    icon: "search",
    shortcut: "/",
    run: () => document.getElementById(searchFieldId)?.focus(),
  },
  {
    name: "person",
    message: "action.person",
    icon: "person",
    shortcut: "p",
    run: () => openDialog.set("person"),
  },
  {
    name: "newcomer",
    message: "action.newcomer",
    icon: "person",
    run: () => {
      showPerson();
      go(hrefTo("home"));
    },
  },
  {
    name: "theme",
    message: "action.theme",
    icon: "star",
    shortcut: "t",
    run: () => theme.set(shownTheme() === "dark" ? "light" : "dark"),
  },
  { name: "refresh", message: "action.refresh", icon: "spark", shortcut: "r", run: () => refreshShown() },
  {
    name: "single-keys",
    message: "action.single-keys",
    icon: "keyboard",
    run: () => singleKeys.set(singleKeys.value === "on" ? "off" : "on"),
  },
  {
    name: "sign-out",
    message: "action.sign-out",
    icon: "close",
    isOffered: () => key.value !== "",
    run: () => signIn(""),
  },
];

/** Does what a key stands for, unless somebody is writing. */
export function onShortcut(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  // a window that was left by Escape holds the focus, and says that it is closed, a moment longer
  const isGone = target.closest("dialog:not([open])") !== null;
  const isWriting = !isGone && target.matches("input, textarea, select, [contenteditable]");
  const isWithMod = event.ctrlKey || event.metaKey;
  if (event.altKey || (!isWithMod && (isWriting || singleKeys.value === "off"))) return;
  if (document.querySelector("dialog[open]")) return;
  const pressed = `${isWithMod ? "mod+" : ""}${event.key.toLowerCase()}`;
  const action = actions.find(({ shortcut }) => shortcut === pressed);
  const route = allRoutes.find(({ shortcut }) => shortcut === pressed);
  if (!action && !route) return;
  event.preventDefault();
  if (action) action.run();
  else if (route) go(`#${route.path}`);
}

/** A shortcut as it stands on the keys. */
export const keysOf = (shortcut: string): string[] =>
  shortcut.split("+").map((part) => {
    if (part !== "mod") return part.length === 1 ? part.toUpperCase() : part;
    return /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
  });
