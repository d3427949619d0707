import { scaleLinear } from "d3-scale";
import { area, line } from "d3-shape";
import { number } from "../i18n/i18n.ts";
import type { Bar } from "./bars.tsx";
import { Frame, heights, margins, sparse } from "./frame.tsx";
import { Plot } from "./plot.tsx";

/** A value that goes on, such as by year. */
export interface Point extends Bar {
  /** Where it stands, such as a year. */
  readonly at: number;
}

/** A line over an area that begins at nought. */
export function Line({
  heading,
  summary,
  points,
  height = 240,
}: {
  heading: string;
  summary: string;
  /** In the order of `at`. */
  points: readonly Point[];
  height?: number;
}) {
  const draw = (width: number, shownAt: number | undefined) => {
    const x = scaleLinear()
      .domain([points[0]?.at ?? 0, points.at(-1)?.at ?? 1])
      .range([margins.left + 8, width - margins.right - 12]);
    const measured = heights(
      points.map(({ value }) => value),
      height,
    );
    const { y } = measured;
    const xOf = (point: Point) => x(point.at);
    const yOf = (point: Point) => y(point.value);
    const shown = shownAt === undefined ? undefined : points[shownAt];
    const labels = points.map((point) => ({ x: xOf(point), label: point.label }));
    return {
      marks: points.map((point) => ({ x: xOf(point), y: yOf(point), text: point.text })),
      picture: (
        <Frame
          width={width}
          height={height}
          heights={measured}
          format={(value) => number(value, 3)}
          labels={spread(labels, width)}
        >
          <path class="area" d={area<Point>(xOf, y(0), yOf)([...points]) ?? ""} />
          <path class="line" d={line<Point>(xOf, yOf)([...points]) ?? ""} />
          {points.length === 1 &&
            points.map((point) => <circle key={0} class="dot" cx={xOf(point)} cy={yOf(point)} r="4" />)}
          {shown && <circle class="dot" cx={xOf(shown)} cy={yOf(shown)} r="5" />}
        </Frame>
      ),
    };
  };
  return <Plot heading={heading} summary={summary} height={height} draw={draw} />;
}

/** Labels that do not meet, though points may stand closer in one place than in another. */
function spread<Label extends { x: number }>(labels: readonly Label[], width: number): Label[] {
  let last = Number.NEGATIVE_INFINITY;
  return sparse(labels, width * 4).filter(({ x }) => {
    const hasRoom = x - last >= 52;
    if (hasRoom) last = x;
    return hasRoom;
  });
}
