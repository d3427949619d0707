import { actions, openDialog } from "./actions.ts";
import { useCell } from "./cell.ts";
import { Icon } from "./design/icon.tsx";
import { Choice, Menu } from "./design/menu.tsx";
import { changeLanguage, type Language, language, languages, t } from "./i18n/i18n.ts";
import { connection } from "./live/live.ts";
import { isAdmin, me } from "./me.ts";
import { Keys } from "./palette.tsx";
import { person } from "./person.ts";
import { personName } from "./person-dialog.tsx";
import { place } from "./router.ts";
import { allRoutes, hrefTo, type Route, routeOf } from "./routes.ts";
import { SearchField } from "./search-field.tsx";
import { theme, themes } from "./theme.ts";

/** What stands above every page: where to go, what to look for, whose page it is. */
export function TopBar() {
  return (
    <header class="bar">
      <a class="brand" href={hrefTo("home")} aria-label={`${t("app.name")}: ${t("route.home")}`}>
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <path class="brand-beam" d="M4 9 28 3v26L4 23z" />
          <path class="brand-torch" d="M4 9v14l9-2.2V11.2z" />
        </svg>
        <span>{t("app.name")}</span>
      </a>
      <Pages />
      <SearchField />
      <PersonButton />
      <Settings />
    </header>
  );
}

function Pages() {
  const shown = routeOf(useCell(place).path)?.route;
  useCell(me);
  const inBar = allRoutes.filter(({ isInBar, group }) => isInBar && (group === "viewer" || isAdmin()));
  return (
    <nav class="bar-pages" aria-label={t("app.pages")}>
      {inBar.map((route) => (
        <PageLink key={route.name} route={route} isShown={route === shown} />
      ))}
    </nav>
  );
}

function PageLink({ route: { path, title, icon }, isShown }: { route: Route; isShown: boolean }) {
  return (
    <a href={`#${path}`} aria-current={isShown ? "page" : undefined}>
      <Icon name={icon} size={18} />
      <span>{t(title)}</span>
    </a>
  );
}

function PersonButton() {
  const userId = useCell(person);
  const state = useCell(connection);
  return (
    <button
      type="button"
      class="bar-person"
      onClick={() => openDialog.set("person")}
      title={t("person.change")}
    >
      <span class={`bar-face is-${state}`} title={t(`live.${state}`)} aria-hidden="true">
        <Icon name="person" size={18} />
      </span>
      <span class="for-readers">{t("person.change")}: </span>
      <span class="bar-name" dir="auto">
        {personName(userId)}
      </span>
    </button>
  );
}

function Settings() {
  const chosenTheme = useCell(theme);
  const own = allRoutes.filter(({ name }) => name === "shortcuts");
  const offered = actions.filter(
    ({ name, isOffered }) => ["palette", "refresh", "sign-out"].includes(name) && (isOffered?.() ?? true),
  );
  return (
    <Menu name={t("app.menu")} icon="menu">
      <div class="menu-pages">
        <Pages />
        {own.map((route) => (
          <PageLink key={route.name} route={route} isShown={false} />
        ))}
        {offered.map(({ name, message, icon, shortcut, run }) => (
          <button key={name} type="button" onClick={run}>
            <Icon name={icon} size={18} />
            <span>{t(message)}</span>
            {shortcut && <Keys shortcut={shortcut} />}
          </button>
        ))}
      </div>
      <Choice
        legend={t("app.theme")}
        name="theme"
        value={chosenTheme}
        choices={themes.map((value) => ({ value, label: t(`theme.${value}`) }))}
        onChoose={theme.set}
      />
      <Choice
        legend={t("app.language")}
        name="language"
        value={language.value}
        choices={Object.entries(languages).map(([value, { name }]) => ({
          value: value as Language,
          label: name,
        }))}
        onChoose={(value) => void changeLanguage(value)}
      />
    </Menu>
  );
}
