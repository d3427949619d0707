import { useState } from "preact/hooks";
import { t } from "../i18n/i18n.ts";

const star = "M12 2.8l2.8 5.8 6.3.9-4.6 4.4 1.1 6.3-5.6-3-5.6 3 1.1-6.3L2.9 9.5l6.3-.9z";

/** Five stars by halves: a slider for the keyboard and for readers, a place for each half for a pointer. */
export function Stars({
  value = 0,
  name,
  onRate,
}: {
  /** 0.5..5; 0 = not rated. */
  value?: number;
  /** What is rated, for readers. */
  name: string;
  /** Absent: the stars show, and cannot be changed. */
  onRate?: (value: number) => void;
}) {
  const [over, setOver] = useState(0);
  const [held, setHeld] = useState<number | undefined>(undefined);
  const shown = over || held || value;
  const words = (rating: number) => (rating === 0 ? t("stars.none") : t("stars.value", { rating }));
  if (!onRate) {
    return (
      <span class="stars" role="img" aria-label={`${name}: ${words(value)}`}>
        <StarRow shown={value} />
      </span>
    );
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const now = held ?? value;
    const next = keySteps[event.key]?.(now);
    if (next !== undefined) setHeld(Math.min(5, Math.max(0.5, next)));
    else if ((event.key === "Enter" || event.key === " ") && now > 0) onRate(now);
    else return;
    event.preventDefault();
  };
  return (
    <span
      class="stars is-live"
      role="slider"
      tabIndex={0}
      aria-label={name}
      aria-valuemin={0.5}
      aria-valuemax={5}
      aria-valuenow={shown || 0.5}
      aria-valuetext={words(shown)}
      onKeyDown={onKeyDown}
      onPointerMove={(event) => setOver(stepAt(event))}
      onPointerLeave={() => setOver(0)}
      onClick={(event) => onRate(stepAt(event))}
    >
      <StarRow shown={shown} />
    </span>
  );
}

/** The half star under a pointer. */
function stepAt({ clientX, currentTarget }: MouseEvent): number {
  const { left, width } = (currentTarget as HTMLElement).getBoundingClientRect();
  return Math.min(10, Math.max(1, Math.ceil(((clientX - left) / width) * 10))) / 2;
}

const keySteps: Readonly<Record<string, (now: number) => number>> = {
  ArrowRight: (now) => now + 0.5,
  ArrowUp: (now) => now + 0.5,
  ArrowLeft: (now) => now - 0.5,
  ArrowDown: (now) => now - 0.5,
  Home: () => 0.5,
  End: () => 5,
};

function StarRow({ shown }: { shown: number }) {
  return (
    <svg class="stars-row" viewBox="0 0 120 24" aria-hidden="true">
      {[0, 1, 2, 3, 4].map((at) => (
        <g key={at} transform={`translate(${at * 24} 0)`}>
          <path class="star-empty" d={star} />
          <path
            class="star-full"
            d={star}
            clip-path={shown - at >= 1 ? undefined : "inset(0 50% 0 0)"}
            opacity={shown - at >= 0.5 ? 1 : 0}
          />
        </g>
      ))}
    </svg>
  );
}
