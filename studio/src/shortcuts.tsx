import { actions, singleKeys } from "./actions.ts";
import { useCell } from "./cell.ts";
import { Table } from "./design/table.tsx";
import type { MessageKey } from "./i18n/en.ts";
import { t } from "./i18n/i18n.ts";
import { Keys } from "./palette.tsx";
import { allRoutes } from "./routes.ts";

/** What holds in one place only, and so stands in no table. */
const inPlace: readonly { keys: readonly string[]; message: MessageKey }[] = [
  { keys: ["←", "→"], message: "shortcuts.rails" },
  { keys: ["←", "→"], message: "shortcuts.stars" },
];

/** All shortcuts, from the tables that make them. */
export function Shortcuts() {
  const mode = useCell(singleKeys);
  const ofTables = [
    ...allRoutes.map(({ name, title, shortcut }) => ({ name, message: title, shortcut })),
    ...actions.map(({ name, message, shortcut }) => ({ name, message, shortcut })),
  ];
  const rows = [
    ...ofTables.flatMap(({ name, message, shortcut }) =>
      shortcut === undefined
        ? []
        : [{ id: name, cells: [t(message), <Keys key={name} shortcut={shortcut} />] }],
    ),
    ...inPlace.map(({ keys, message }) => ({
      id: message,
      cells: [
        t(message),
        <span key={message} class="keys">
          {keys.map((one) => (
            <kbd key={one}>{one}</kbd>
          ))}
        </span>,
      ],
    })),
  ];
  return (
    <article class="page is-narrow">
      <h1>{t("shortcuts.title")}</h1>
      <p class="lead">{t("shortcuts.text")}</p>
      <Table
        caption={t("route.shortcuts")}
        columns={[{ label: t("shortcuts.does") }, { label: t("shortcuts.key") }]}
        rows={rows}
      />
      <label class="switch">
        <input
          type="checkbox"
          checked={mode === "on"}
          onChange={() => singleKeys.set(mode === "on" ? "off" : "on")}
        />
        <span>{t("shortcuts.single")}</span>
      </label>
    </article>
  );
}
