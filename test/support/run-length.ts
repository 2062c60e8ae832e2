/** How many times as long as in `npm test` property tests and kill loops run: TEST_LENGTH, as `npm run test:long` sets it. */
const LENGTH = Number(process.env.TEST_LENGTH ?? 1);

export const times = (count: number): number => Math.ceil(count * LENGTH);

/** What `fc.assert` is given: so many runs (100 is fast-check's own number), and the seed in SEED where there is one. */
export const runs = (count = 100): { readonly numRuns: number; readonly seed?: number } => ({
  numRuns: times(count),
  ...(process.env.SEED !== undefined && { seed: Number(process.env.SEED) }),
});
