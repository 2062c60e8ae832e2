/** Work under way, at most so much at once. */
export interface Slots {
  /** Resolves when another piece may start; rejects with the first error of those that ran. */
  free(): Promise<void>;
  run(work: Promise<void>): void;
  /** Resolves when nothing is under way; rejects with the first error of those that ran. */
  done(): Promise<void>;
}

export function slots(count: number): Slots {
  let underWay = 0;
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};

  async function until(ready: () => boolean): Promise<void> {
    while (!ready())
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    if (failure !== undefined) throw failure.error;
  }

  return {
    free: () => until(() => underWay < count),
    done: () => until(() => underWay === 0),
    run(work) {
      underWay++;
      const finished = () => {
        underWay--;
        wake();
      };
      work.then(finished, (error: unknown) => {
        failure ??= { error };
        finished();
      });
    },
  };
}
