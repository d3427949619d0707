import { useEffect, useLayoutEffect, useReducer, useState } from "preact/hooks";
import { onShortcut, openDialog } from "./actions.ts";
import { refused } from "./api/client.ts";
import { useCell } from "./cell.ts";
import { Button } from "./design/button.tsx";
import { Notice, StateView } from "./design/state-view.tsx";
import { Toasts } from "./design/toast.tsx";
import { language, t } from "./i18n/i18n.ts";
import { connection, connectNow, follow } from "./live/live.ts";
import { isAdmin, useMe } from "./me.ts";
import { Palette } from "./palette.tsx";
import { person, showPerson } from "./person.ts";
import { PersonDialog } from "./person-dialog.tsx";
import { place } from "./router.ts";
import { type Page, type Route, routeOf } from "./routes.ts";
import { entryNow, topOfEntry } from "./scroll.ts";
import { SignIn } from "./sign-in.tsx";
import { TopBar } from "./top-bar.tsx";

/** The whole of it: the bar, the page of the address, and what may stand over both. */
export function App() {
  const why = useCell(refused);
  const open = useCell(openDialog);
  const tongue = useCell(language); // all texts are drawn again
  useEffect(() => {
    addEventListener("keydown", onShortcut);
    return () => removeEventListener("keydown", onShortcut);
  }, []);
  if (why) return <SignIn key={tongue} why={why} />;
  const close = () => openDialog.set(undefined);
  return (
    <div class="app" key={tongue}>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a place of the page, whose address is that of a route already */}
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        {t("app.skip")}
      </a>
      <TopBar />
      <LostLine />
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
      {open === "palette" && <Palette onClose={close} />}
      {open === "person" && <PersonDialog onClose={close} />}
    </div>
  );
}

/** Says that what is shown may be old. A connection that is back in a moment is no news. */
function LostLine() {
  const state = useCell(connection);
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (state === "live" || state === "resting") setLong(false);
    if (state !== "lost") return;
    const patience = setTimeout(() => setLong(true), 1500);
    return () => clearTimeout(patience);
  }, [state]);
  return (
    <div role="status" class="lost-place">
      {isLong && (
        <div class="lost-line">
          <span>{t("live.lost")}</span>
          <Button look="quiet" onClick={connectNow}>
            {t("live.try")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Outlet() {
  const me = useMe();
  const userId = useCell(person);
  const { path, query } = useCell(place);
  const own = me.value?.kind === "user" ? me.value.user_id : undefined;
  useEffect(() => {
    const asked = query.get("user_id");
    if (own === undefined && asked !== null) showPerson(asked);
  }, [query]);
  useEffect(() => {
    if (me.value === undefined) return;
    if (own !== undefined && own !== userId) showPerson(own);
    else follow(userId);
  }, [me.value, userId]);
  const found = routeOf(path);
  useEffect(() => {
    document.title = found ? `${t(found.route.title)} · ${t("app.name")}` : t("app.name");
  }, [found?.route]);
  return (
    <StateView isPage shown={me} skeleton={<div class="page" />}>
      {() => {
        if (!found) return <Notice isPage told="not-found" again={() => {}} />;
        if (found.route.group === "operator" && !isAdmin())
          return <Notice isPage told="forbidden" again={() => {}} />;
        return <Loaded {...found} query={query} />;
      }}
    </StateView>
  );
}

/** Pages that have been fetched. */
const pages = new Map<Route, Page>();

/** A page, which is fetched when it is first shown. */
function Loaded({
  route,
  names,
  query,
}: {
  route: Route;
  names: Record<string, string>;
  query: URLSearchParams;
}) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [failed, setFailed] = useState<Route | undefined>(undefined);
  const isLive = useCell(connection) === "live";
  const Shown = pages.get(route);
  useEffect(() => {
    if (Shown) return;
    route.load().then(
      (page) => {
        pages.set(route, page);
        redraw(undefined);
      },
      () => setFailed(route),
    );
  }, [route]);
  useEffect(() => {
    // a browser does not ask again for a script that it could not get
    if (failed === route && isLive) location.reload();
  }, [failed, isLive]);
  useLayoutEffect(() => scrollTo(0, topOfEntry()), [entryNow(), Shown]);
  if (Shown) return <Shown names={names} query={query} />;
  if (failed === route) return <Notice isPage told="unreachable" again={connectNow} />;
  return <div class="page" />;
}
