import { useId, useState } from "preact/hooks";
import { actions, keysOf } from "./actions.ts";
import { Dialog } from "./design/dialog.tsx";
import { Icon, type IconName } from "./design/icon.tsx";
import { t } from "./i18n/i18n.ts";
import { isAdmin } from "./me.ts";
import { go } from "./router.ts";
import { allRoutes, hrefTo } from "./routes.ts";

/** One line of the palette. */
interface Entry {
  readonly name: string;
  readonly text: string;
  readonly icon: IconName;
  readonly shortcut?: string | undefined;
  run(): void;
}

/** Everything that can be done from anywhere: the pages that need no name, then the actions. */
export const paletteEntries = (): Entry[] => [
  ...allRoutes
    .filter(({ path, group }) => !path.includes(":") && (group === "viewer" || isAdmin()))
    .map(({ name, path, title, icon, shortcut }) => ({
      ...{ name: `route ${name}`, text: t(title), icon, shortcut },
      run: () => go(`#${path}`),
    })),
  ...actions
    .filter(({ name, isOffered }) => name !== "palette" && (isOffered?.() ?? true))
    .map(({ name, message, icon, shortcut, run }) => ({
      name: `action ${name}`,
      text: t(message),
      icon,
      shortcut,
      run,
    })),
];

/** Goes anywhere and does anything by a few letters. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const entries = found(query.trim());
  const chosen = entries[Math.min(at, entries.length - 1)];
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    // after the window has given the focus back
    setTimeout(() => entry.run());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined)
      setAt((Math.min(at, entries.length - 1) + step + entries.length) % entries.length);
    else if (event.key === "Enter") choose(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t("palette.label")} look="top" hasHead={false} onClose={onClose}>
      <input
        class="palette-field"
        type="text"
        role="combobox"
        aria-label={t("palette.label")}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={chosen && `${id}-${entries.indexOf(chosen)}`}
        placeholder={t("palette.placeholder")}
        autoFocus
        value={query}
        onInput={({ currentTarget }) => {
          setQuery(currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="palette-list" role="listbox" id={id} aria-label={t("palette.label")}>
        {entries.map((entry, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
          <div
            key={entry.name}
            id={`${id}-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={entry === chosen}
            data-entry={entry.name}
            onPointerMove={() => setAt(place)}
            onClick={() => choose(entry)}
          >
            <Icon name={entry.icon} size={18} />
            <span>{entry.text}</span>
            {entry.shortcut && <Keys shortcut={entry.shortcut} />}
          </div>
        ))}
      </div>
      {entries.length === 0 && <p class="palette-none">{t("palette.none")}</p>}
    </Dialog>
  );
}

function found(query: string): Entry[] {
  const all = paletteEntries();
  if (query === "") return all;
  const words = query.toLocaleLowerCase().split(/\s+/);
  const fits = all.filter(({ text }) => words.every((word) => text.toLocaleLowerCase().includes(word)));
  const search: Entry = {
    name: "search",
    text: t("palette.search", { query }),
    icon: "search",
    run: () => go(hrefTo("search", {}, { query })),
  };
  return [...fits, search];
}

/** A shortcut, key by key. */
export function Keys({ shortcut }: { shortcut: string }) {
  return (
    <span class="keys">
      {keysOf(shortcut).map((name) => (
        <kbd key={name}>{name}</kbd>
      ))}
    </span>
  );
}
