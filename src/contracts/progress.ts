/** The phases of the slow loop, in their order. Also what is printed and what a fault test waits for. */
export const phases = [
  "fetch",
  "bronze",
  "silver",
  "commit",
  "gold",
  "train",
  "evaluate",
  "publish",
] as const;
export type Phase = (typeof phases)[number];

/**
 * A sign of life of a long work.
 *
 * @property text What happens now, for a person: `ials: epoch 3 of 12`.
 * @property fraction Share done of the present phase, 0..1, where it is known.
 */
export interface ProgressEvent {
  readonly phase: Phase;
  readonly text: string;
  readonly fraction?: number;
}

/** Takes signs of life. Must not throw. */
export type Progress = (event: ProgressEvent) => void;
