import { useEffect, useId, useState } from "preact/hooks";
import { searchFieldId } from "./actions.ts";
import { ask } from "./api/client.ts";
import { useCell } from "./cell.ts";
import { Icon } from "./design/icon.tsx";
import { titleOf } from "./design/title.ts";
import { t } from "./i18n/i18n.ts";
import { go, place } from "./router.ts";
import { hrefTo } from "./routes.ts";

/** What the server offers to what has been written so far. */
interface Suggestion {
  readonly text: string;
  readonly kind: "title" | "person";
  readonly item_id?: string;
}

/** Wait after a key before asking, ms: a word is written, not each of its letters. */
const patienceMs = 120;
const suggestionsMax = 7;

/** Where a suggestion leads. */
const hrefOfSuggestion = ({ kind, text, item_id }: Suggestion): string =>
  kind === "title" && item_id !== undefined
    ? hrefTo("item", { item_id })
    : hrefTo("search", {}, { person: text });

/** What fits the text; nothing while nobody writes. A server that gives none is no error here: the results page says what is wrong. */
function useSuggestions(text: string, isOpen: boolean): readonly Suggestion[] {
  const [found, setFound] = useState<{ text: string; all: readonly Suggestion[] }>({ text: "", all: [] });
  useEffect(() => {
    if (!isOpen || text.length < 2) return;
    const asking = new AbortController();
    const path = `v1/search/suggestions?query=${encodeURIComponent(text)}&k=${suggestionsMax}`;
    const waiting = setTimeout(() => {
      ask<{ suggestions: Suggestion[] }>(path, { signal: asking.signal }).then(
        ({ suggestions }) => setFound({ text, all: suggestions }),
        () => {},
      );
    }, patienceMs);
    return () => {
      clearTimeout(waiting);
      asking.abort();
    };
  }, [text, isOpen]);
  return isOpen && text.length >= 2 ? found.all : [];
}

/** The field at the top: what fits is offered while one writes; arrows choose, Enter goes there or shows all results. */
export function SearchField() {
  const { query } = useCell(place);
  const asked = query.get("query") ?? query.get("person") ?? "";
  const [text, setText] = useState(asked);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const id = useId();
  useEffect(() => setText(asked), [asked]);
  const offered = useSuggestions(text.trim(), isOpen);
  const chosen = offered[at];
  const leave = () => {
    setOpen(false);
    setAt(-1);
  };
  const choose = (suggestion: Suggestion) => {
    leave();
    go(hrefOfSuggestion(suggestion));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && isOpen && offered.length > 0) leave();
    else if (step !== undefined && offered.length > 0) {
      const places = offered.length + 1; // one of them is the text itself
      setAt(((at + 1 + step + places) % places) - 1);
    } else return;
    event.preventDefault();
  };
  return (
    <search class="bar-search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen) return choose(chosen);
          leave();
          if (text.trim() !== "") go(hrefTo("search", {}, { query: text.trim() }));
        }}
      >
        <Icon name="search" size={18} />
        <input
          id={searchFieldId}
          type="text"
          role="combobox"
          autoComplete="off"
          aria-label={t("search.label")}
          aria-expanded={offered.length > 0}
          aria-autocomplete="list"
          aria-controls={id}
          aria-activedescendant={chosen && `${id}-${at}`}
          placeholder={t("search.placeholder")}
          value={text}
          maxLength={200}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setOpen(true);
            setAt(-1);
          }}
          onKeyDown={onKeyDown}
          onBlur={leave}
        />
      </form>
      <div
        class="suggestions"
        role="listbox"
        id={id}
        aria-label={t("search.suggestions")}
        hidden={offered.length === 0}
      >
        {offered.map((suggestion, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
          <div
            key={`${suggestion.kind} ${suggestion.item_id ?? suggestion.text}`}
            id={`${id}-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={place === at}
            onPointerMove={() => setAt(place)}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(suggestion)}
          >
            <Icon name={suggestion.kind === "person" ? "person" : "item"} size={18} />
            <Suggested {...suggestion} />
          </div>
        ))}
      </div>
    </search>
  );
}

function Suggested({ text, kind }: Suggestion) {
  const { title, year } = kind === "title" ? titleOf({ title: text }) : { title: text, year: "" };
  return (
    <>
      <span class="suggestion-text" dir="auto">
        {title}
      </span>
      <small>{kind === "person" ? t("item.person") : year}</small>
    </>
  );
}
