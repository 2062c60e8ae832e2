import type { QuerySession } from "./query-engine.ts";

/**
 * Works on items several at a time, each in a session beside this one, as many as the session says are worth it. Items
 * are taken one by one as lanes become free. The first failure ends it, once what is at work has ended.
 */
export async function inLanes<T>(
  session: QuerySession,
  items: AsyncIterable<T> | Iterable<T>,
  work: (lane: QuerySession, item: T) => Promise<void>,
): Promise<void> {
  const waiting = each(items);
  let failed = false;
  const lane = async (): Promise<void> => {
    let own: QuerySession | undefined;
    try {
      while (!failed) {
        const next = await waiting.next();
        if (next.done) return;
        own ??= await session.beside();
        await work(own, next.value);
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      await own?.[Symbol.asyncDispose]();
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: session.parallelism }, lane));
  await waiting.return(undefined);
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}

/** A generator answers one caller after the other. */
async function* each<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, undefined> {
  yield* items;
  return undefined;
}
