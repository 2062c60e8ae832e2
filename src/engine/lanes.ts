import type { QuerySession } from "./query-engine.ts";

/**
 * Works on items several at a time, each in one of the session's lanes. Items are taken one by one as lanes become free.
 * The first failure ends it, once what is at work has ended.
 */
export async function inLanes<T>(
  session: QuerySession,
  items: AsyncIterable<T> | Iterable<T>,
  work: (lane: QuerySession, item: T) => Promise<void>,
): Promise<void> {
  await using lanes = await session.lanes();
  const waiting = each(items);
  let failed = false;
  const ended = await Promise.allSettled(
    lanes.sessions.map(async (lane) => {
      try {
        for (let next = await waiting.next(); !next.done && !failed; next = await waiting.next())
          await work(lane, next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }),
  );
  await waiting.return(undefined);
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}

/** A generator answers one caller after the other. */
async function* each<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, undefined> {
  yield* items;
  return undefined;
}
