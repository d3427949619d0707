import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { w } from "../operator/words.ts";

/** Something that a chart shows at a place: where it is, px, and what is said of it. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** Width of a chart before its place is known, px. */
const widthFirst = 560;

/**
 * The drawing of a chart at the width that it has. What is nearest to the pointer is said beside it; by keyboard the arrows go from mark to
 * mark.
 */
export function Plot({
  heading,
  summary,
  height,
  draw,
}: {
  heading: string;
  /** What a reader is told of the whole of it. */
  summary: string;
  height: number;
  /** @param at Which mark is shown, if any. */
  draw(width: number, at: number | undefined): { marks: readonly Mark[]; picture: ComponentChildren };
}) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(widthFirst);
  const [at, setAt] = useState<number | undefined>(undefined);
  useLayoutEffect(() => {
    if (!place.current) return;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.max(200, entry.contentRect.width)));
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  const { marks, picture } = draw(width, at);
  const shown = at === undefined ? undefined : marks[at];
  const onKeyDown = (event: KeyboardEvent) => {
    const next = stepped(event.key, at, marks.length);
    if (next === undefined && event.key !== "Escape") return;
    event.preventDefault();
    setAt(next);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div
      ref={place}
      class="plot"
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what the pointer shows must be reachable by keyboard
      tabIndex={0}
      aria-label={w("chart.read", { heading, summary })}
      onKeyDown={onKeyDown}
      onBlur={() => setAt(undefined)}
      onPointerLeave={() => setAt(undefined)}
      onPointerMove={(event) => setAt(nearest(marks, event.clientX, place.current))}
    >
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {picture}
      </svg>
      <output class="chart-tip" hidden={!shown} style={tipPlace(shown, width)}>
        {shown?.text}
      </output>
    </div>
  );
}

function stepped(key: string, at: number | undefined, count: number): number | undefined {
  const last = count - 1;
  const to = {
    ArrowRight: (at ?? -1) + 1,
    ArrowDown: (at ?? -1) + 1,
    ArrowLeft: (at ?? count) - 1,
    ArrowUp: (at ?? count) - 1,
    Home: 0,
    End: last,
  }[key];
  return to === undefined ? undefined : Math.min(last, Math.max(0, to));
}

function nearest(marks: readonly Mark[], clientX: number, place: HTMLElement | null): number | undefined {
  if (!place || marks.length === 0) return undefined;
  const x = clientX - place.getBoundingClientRect().left;
  const far = marks.map((mark) => Math.abs(mark.x - x));
  return far.indexOf(Math.min(...far));
}

/** Beside the mark, on the side where there is room. */
function tipPlace(mark: Mark | undefined, width: number): Record<string, string> {
  if (!mark) return {};
  const isRight = mark.x > width / 2;
  return {
    top: `${Math.max(0, mark.y - 44)}px`,
    ...(isRight ? { right: `${width - mark.x + 6}px` } : { left: `${mark.x + 6}px` }),
  };
}
