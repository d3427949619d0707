import { scaleLinear } from "d3-scale";
import type { Bar } from "./bars.tsx";

/** Bars from left to right, each under its name, with what is said of it in words: a list, so nothing is hidden in a tip. */
export function TopList({ bars, from = 0 }: { bars: readonly Bar[]; from?: number }) {
  const share = scaleLinear()
    .domain([from, Math.max(from + 1e-9, ...bars.map(({ value }) => value))])
    .range([0, 100])
    .clamp(true);
  return (
    <ol class="top-list">
      {bars.map(({ label, value, text }) => (
        <li key={label}>
          <span class="top-name" dir="auto">
            {label}
          </span>
          <span class="top-text">{text}</span>
          <span class="top-bar" aria-hidden="true">
            <span style={{ width: `${share(value)}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}
