import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/i18n.ts";
import { IconButton } from "./button.tsx";

/** A row that goes on beyond the page: by wheel and finger, by its two buttons, and by the arrow keys from item to item. */
export function Rail({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId();
  const row = useRef<HTMLUListElement>(null);
  const [ends, setEnds] = useState({ isFirst: true, isLast: true });
  const look = () => {
    const { scrollLeft = 0, clientWidth = 0, scrollWidth = 0 } = row.current ?? {};
    const next = { isFirst: scrollLeft < 8, isLast: scrollLeft + clientWidth > scrollWidth - 8 };
    if (next.isFirst !== ends.isFirst || next.isLast !== ends.isLast) setEnds(next);
  };
  useLayoutEffect(look);
  const place = useRef(-1); // of the item that has the focus
  useLayoutEffect(() => {
    // the item that was acted on may have left the row: the focus goes to what stands there now
    if (place.current < 0 || document.activeElement !== document.body) return;
    const items = row.current?.children;
    items?.[Math.min(place.current, items.length - 1)]?.querySelector("a")?.focus();
  });
  const note = ({ target }: FocusEvent) => {
    const item = (target as HTMLElement).closest("li");
    place.current = item && row.current ? [...row.current.children].indexOf(item) : -1;
  };
  const leave = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget) place.current = -1; // it went on by itself
  };
  const turn = (direction: 1 | -1) =>
    row.current?.scrollBy({ left: direction * row.current.clientWidth * 0.85, behavior: "smooth" });
  return (
    <section class="rail" aria-labelledby={id}>
      <header class="rail-head">
        <h2 id={id} dir="auto">
          {title}
        </h2>
        <span class="rail-turn">
          <IconButton
            icon="left"
            name={t("rail.previous", { title })}
            disabled={ends.isFirst}
            onClick={() => turn(-1)}
          />
          <IconButton
            icon="right"
            name={t("rail.next", { title })}
            disabled={ends.isLast}
            onClick={() => turn(1)}
          />
        </span>
      </header>
      <ul class="rail-row" ref={row} onScroll={look} onKeyDown={goAlong} onFocusIn={note} onFocusOut={leave}>
        {children}
      </ul>
    </section>
  );
}

/** From the link of one item to that of its neighbour. */
function goAlong(event: KeyboardEvent): void {
  const direction = { ArrowRight: "next", ArrowLeft: "previous" }[event.key];
  const link = (event.target as HTMLElement).closest("a");
  if (!direction || !link) return;
  const item = link.closest("li")?.[`${direction as "next" | "previous"}ElementSibling`];
  const other = item?.querySelector("a");
  if (!other) return;
  event.preventDefault();
  other.focus({ preventScroll: true });
  item?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
