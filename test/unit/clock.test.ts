import { expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";

it("sleeps not at all for what is not positive, and on and on for what is longer than a timer takes", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on("warning", warned);
  for (const ms of [0, -1, -1e12]) await systemClock.sleep(ms);
  const stop = new AbortController();
  let woken = 0;
  const sleeping = [2 ** 31, 1e12, Number.POSITIVE_INFINITY].map((ms) =>
    systemClock.sleep(ms, stop.signal).then(
      () => woken++,
      () => {},
    ),
  );
  await systemClock.sleep(20);
  stop.abort();
  await Promise.all(sleeping);
  process.off("warning", warned);
  expect(woken).toBe(0);
  expect(warnings).toEqual([]);
});
