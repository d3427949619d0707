/** One figure of `/metrics`: its name, its labels, its value. */
export interface Figure {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format of Prometheus 0.0.4, as far as Usher writes it. */
export function figuresOf(text: string): Figure[] {
  return text.split("\n").flatMap((line) => {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!found) return [];
    const [, name = "", inside = "", value = ""] = found;
    const labels = Object.fromEntries(
      [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, one = ""]) => [
        label,
        one.replace(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign)),
      ]),
    );
    return [{ name, labels, value: Number(value.replace("Inf", "Infinity")) }];
  });
}

/** The values of a figure together. @param fits Which of its labels count. Default: all. */
export const total = (
  figures: readonly Figure[],
  name: string,
  fits: (labels: Figure["labels"]) => boolean = () => true,
): number => figures.reduce((sum, one) => (one.name === name && fits(one.labels) ? sum + one.value : sum), 0);

/** Values of a figure by one of its labels. */
export function byLabel(figures: readonly Figure[], name: string, label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const one of figures) {
    if (one.name !== name) continue;
    const key = one.labels[label] ?? "";
    sums.set(key, (sums.get(key) ?? 0) + one.value);
  }
  return sums;
}

/**
 * A quantile of a histogram, between the limits of its bucket in proportion; `undefined` where nothing was counted.
 *
 * @param share 0..1.
 */
export function quantile(
  figures: readonly Figure[],
  name: string,
  share: number,
  fits: (labels: Figure["labels"]) => boolean = () => true,
): number | undefined {
  const limits = new Map<number, number>();
  for (const one of figures) {
    if (one.name !== `${name}_bucket` || !fits(one.labels)) continue;
    const limit = Number((one.labels["le"] ?? "").replace("+Inf", "Infinity"));
    limits.set(limit, (limits.get(limit) ?? 0) + one.value);
  }
  const counts = [...limits].sort(([one], [other]) => one - other);
  const all = counts.at(-1)?.[1] ?? 0;
  if (all === 0) return undefined;
  let [from, before] = [0, 0];
  for (const [limit, count] of counts) {
    if (count >= share * all)
      return limit === Number.POSITIVE_INFINITY
        ? from
        : from + ((limit - from) * (share * all - before)) / (count - before || 1);
    [from, before] = [limit, count];
  }
  return from;
}
