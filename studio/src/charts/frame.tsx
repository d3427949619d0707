import { type ScaleLinear, scaleLinear } from "d3-scale";
import type { ComponentChildren } from "preact";

/** Room around what is drawn, px. */
export const margins = { top: 12, right: 8, bottom: 26, left: 48 } as const;

/** Width that a label below a chart takes, px. */
const labelWidth = 44;

/** From nought to the largest value, upwards. Where all values are nought there is nothing to measure: no steps but nought. */
export function heights(values: readonly number[], height: number): Heights {
  const most = Math.max(0, ...values);
  const y = scaleLinear()
    .domain([0, most || 1])
    .nice(4)
    .range([height - margins.bottom, margins.top]);
  return { y, steps: most > 0 ? y.ticks(4) : [0] };
}

/** Where values stand, px, and at which of them a line is drawn. */
export interface Heights {
  readonly y: ScaleLinear<number, number>;
  readonly steps: readonly number[];
}

/** As many labels as find room. */
export function sparse<Label>(labels: readonly Label[], width: number): Label[] {
  const room = Math.max(1, Math.floor((width - margins.left - margins.right) / labelWidth));
  const every = Math.max(1, Math.ceil(labels.length / room));
  return labels.filter((_, at) => at % every === 0);
}

/** The lines at the left and the labels below, around what a chart draws. */
export function Frame({
  width,
  height,
  heights: { y, steps },
  format,
  labels,
  children,
}: {
  width: number;
  height: number;
  heights: Heights;
  format(value: number): string;
  labels: readonly { readonly x: number; readonly label: string }[];
  children: ComponentChildren;
}) {
  return (
    <>
      {steps.map((value) => (
        <g key={value}>
          <line class="chart-line" x1={margins.left} x2={width - margins.right} y1={y(value)} y2={y(value)} />
          <text class="chart-label" x={margins.left - 6} y={y(value) + 4} text-anchor="end">
            {format(value)}
          </text>
        </g>
      ))}
      {children}
      {labels.map(({ x, label }) => (
        <text
          key={`${x}`}
          class="chart-label"
          x={x}
          y={height - 8}
          text-anchor={x > width - 30 ? "end" : "middle"}
        >
          {label}
        </text>
      ))}
    </>
  );
}
