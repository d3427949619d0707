import type { ScaleLinear } from "d3-scale";
import type { ComponentChildren } from "preact";

/** Room around what is drawn, px. */
export const margins = { top: 12, right: 8, bottom: 26, left: 48 } as const;

/** Width that a label below a chart takes, px. */
const labelWidth = 44;

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
  y,
  format,
  labels,
  children,
}: {
  width: number;
  height: number;
  y: ScaleLinear<number, number>;
  format(value: number): string;
  labels: readonly { readonly x: number; readonly label: string }[];
  children: ComponentChildren;
}) {
  return (
    <>
      {y.ticks(4).map((value) => (
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
