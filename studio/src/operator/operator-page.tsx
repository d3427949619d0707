import type { ComponentChildren, ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { useCell } from "../cell.ts";
import { language, t } from "../i18n/i18n.ts";
import { place } from "../router.ts";
import { allRoutes, type Page, type PageProps, routeOf } from "../routes.ts";
import { loadWords, spokenLanguage, w } from "./words.ts";

/** A page of the operator: its texts are there before it is drawn, in the language of the moment. */
export function withWords(Shown: ComponentType<PageProps>): Page {
  return function Spoken(props: PageProps) {
    const wanted = useCell(language);
    const spoken = useCell(spokenLanguage);
    useEffect(() => {
      if (wanted !== spoken) void loadWords(wanted);
    }, [wanted]);
    return wanted === spoken ? <Shown {...props} /> : <div class="page" />;
  };
}

/** What all pages of the operator have: where one is among them, a heading, and what the page is for. */
export function OperatorPage({
  heading,
  lead,
  children,
}: {
  heading: string;
  lead: string;
  children: ComponentChildren;
}) {
  const shown = routeOf(useCell(place).path)?.route;
  return (
    <article class="page is-operator">
      <nav class="op-pages" aria-label={w("op.pages")}>
        {allRoutes
          .filter(({ group }) => group === "operator")
          .map((route) => (
            <a key={route.name} href={`#${route.path}`} aria-current={route === shown ? "page" : undefined}>
              {t(route.title)}
            </a>
          ))}
      </nav>
      <h1>{heading}</h1>
      <p class="lead">{lead}</p>
      {children}
    </article>
  );
}
