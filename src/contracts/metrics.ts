/** A figure that is asked for when `/metrics` is: values by their label, or one value. */
export interface AskedGauge {
  readonly name: string;
  readonly meaning: string;
  /** Name of the label; absent for one value. */
  readonly label?: string;
  /** Cheap; what it throws leaves the figure out. */
  values(): Promise<Readonly<Record<string, number>>> | Readonly<Record<string, number>>;
}
