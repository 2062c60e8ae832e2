/** Wakes those who wait for records of a key (a topic, a partition). Waiting costs one entry in a set. */
export interface AppendSignals<Key> {
  /** Resolves at the next `fire` of one of the keys (of any when undefined); rejects when the signal aborts or on `fail`. */
  next(keys: readonly Key[] | undefined, signal: AbortSignal | undefined): Promise<void>;
  fire(key: Key): void;
  fail(error: Error): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

const ANY = Symbol("any");

export function appendSignals<Key>(): AppendSignals<Key> {
  const waiting = new Map<Key | typeof ANY, Set<Waiter>>();
  const wake = (key: Key | typeof ANY) => {
    const waiters = waiting.get(key);
    if (waiters !== undefined) for (const waiter of [...waiters]) waiter.resolve();
  };
  return {
    next(keys, signal) {
      const promise = new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const places: readonly (Key | typeof ANY)[] = keys ?? [ANY];
        const leave = () => {
          signal?.removeEventListener("abort", onAbort);
          for (const key of places) {
            const waiters = waiting.get(key);
            waiters?.delete(waiter);
            if (waiters?.size === 0) waiting.delete(key);
          }
        };
        const onAbort = () => waiter.reject(signal?.reason);
        const waiter: Waiter = {
          resolve: () => {
            leave();
            resolve();
          },
          reject: (reason) => {
            leave();
            reject(reason);
          },
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        for (const key of places) {
          const waiters = waiting.get(key);
          if (waiters === undefined) waiting.set(key, new Set([waiter]));
          else waiters.add(waiter);
        }
      });
      // A caller may drop the promise (its read threw) before the abort comes; whoever awaits it still sees the rejection.
      promise.catch(() => {});
      return promise;
    },
    fire(key) {
      if (waiting.size === 0) return;
      wake(key);
      wake(ANY);
    },
    fail(error) {
      for (const waiters of [...waiting.values()]) for (const waiter of [...waiters]) waiter.reject(error);
    },
  };
}
