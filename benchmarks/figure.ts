/** One measured figure, beside what the machine could do in the same minute. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: { readonly what: string; readonly value: number };
  /** What `value / limit` should reach. */
  readonly goal?: number;
  readonly details?: Readonly<Record<string, number | string>>;
}

export interface Benchmark {
  readonly name: string;
  /** `rows`, `minutes`: fewer or more than it takes of itself, where the amount is a matter of choice. */
  readonly run: (options?: { readonly rows?: number; readonly minutes?: number }) => Promise<readonly Figure[]>;
}

const round = (value: number) => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2));

export function printFigure(figure: Figure): string {
  const { limit, goal } = figure;
  const ratio =
    limit === undefined
      ? ""
      : `  = ${(figure.value / limit.value).toFixed(2)} of ${limit.what} (${round(limit.value)})`;
  const against = goal === undefined ? "" : `, goal ${goal}`;
  const details = Object.entries(figure.details ?? {}).map(
    ([name, value]) => `${name} ${typeof value === "number" ? round(value) : value}`,
  );
  return `${figure.name}: ${round(figure.value)} ${figure.unit}${ratio}${against}${details.length > 0 ? `\n    ${details.join(", ")}` : ""}`;
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
