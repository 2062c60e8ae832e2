import { base, en, Faker } from "@faker-js/faker";

/** Seeded chance: the same seed draws the same things in the same order. */
export interface Draw {
  readonly faker: Faker;
  /** 0 up to, not including, 1. */
  fraction(): number;
  /** 0 up to, not including, `end`. */
  below(end: number): number;
  pick<T>(list: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
}

export function seededDraw(seed: number): Draw {
  const faker = new Faker({ locale: [en, base], seed });
  const fraction = () => faker.number.float();
  const below = (end: number) => Math.min(end - 1, Math.floor(fraction() * end));
  return {
    faker,
    fraction,
    below,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
    shuffled<T>(list: readonly T[]) {
      const copy = [...list];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
      }
      return copy;
    },
  };
}

/** Whole numbers in proportion to the weights, `total` in all: exactly the weights when they add up to it. */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const exact = weights.map((weight) => (weight * total) / sum);
  const shares = exact.map(Math.floor);
  const left = total - shares.reduce((a, b) => a + b, 0);
  const byRemainder = exact.map((share, i) => [share % 1, i] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, i] of byRemainder.slice(0, left)) shares[i] = (shares[i] ?? 0) + 1;
  return shares;
}

/** At least one for each, the rest long-tailed: few get very many. */
export function longTail(draw: Draw, total: number, parts: number): number[] {
  const weights = Array.from({ length: parts }, () => (0.004 + 0.996 * draw.fraction()) ** -0.9);
  return apportion(total - parts, weights).map((share) => share + 1);
}
