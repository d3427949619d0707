import { scaleBand } from "d3-scale";
import { number } from "../i18n/i18n.ts";
import { Frame, heights, margins, sparse } from "./frame.tsx";
import { Plot } from "./plot.tsx";

/** Something with a size. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What is said of it. */
  readonly text: string;
}

/** Bars side by side from nought; a histogram where their labels are steps. */
export function Bars({
  heading,
  summary,
  bars,
  height = 240,
}: {
  heading: string;
  summary: string;
  bars: readonly Bar[];
  height?: number;
}) {
  const draw = (width: number, at: number | undefined) => {
    const x = scaleBand<number>()
      .domain(bars.map((_, place) => place))
      .range([margins.left, width - margins.right])
      .padding(bars.length > 40 ? 0.1 : 0.25);
    const measured = heights(
      bars.map(({ value }) => value),
      height,
    );
    const { y } = measured;
    const middle = (place: number) => (x(place) ?? 0) + x.bandwidth() / 2;
    const labels = bars.map(({ label }, place) => ({ x: middle(place), label }));
    return {
      marks: bars.map(({ value, text }, place) => ({ x: middle(place), y: y(value), text })),
      picture: (
        <Frame
          width={width}
          height={height}
          heights={measured}
          format={(value) => number(value, 3)}
          labels={sparse(labels, width)}
        >
          {bars.map(({ value }, place) => (
            <rect
              key={place}
              class={place === at ? "mark is-shown" : "mark"}
              x={x(place)}
              y={y(value)}
              width={x.bandwidth()}
              height={Math.max(value > 0 ? 1 : 0, y(0) - y(value))}
              rx={Math.min(3, x.bandwidth() / 3)}
            />
          ))}
        </Frame>
      ),
    };
  };
  return <Plot heading={heading} summary={summary} height={height} draw={draw} />;
}
