import { expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { inLanes } from "../../../src/engine/lanes.ts";

it("works on several items at once, each once, and ends with the first failure when what is at work has ended", async () => {
  await using engine = createDuckDbEngine({ threads: 2, memory: "1GB" });
  await using session = await engine.session();
  let [atOnce, most] = [0, 0];
  const done: number[] = [];
  const work = async (item: number) => {
    most = Math.max(most, ++atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce--;
    if (item === 7) throw new Error("seven");
    done.push(item);
  };
  const items = Array.from({ length: 6 }, (_, i) => i);
  await inLanes(session, items, (_, item) => work(item));
  expect(done.toSorted()).toEqual(items);
  expect(most).toBe(session.parallelism);
  expect(most).toBeGreaterThan(1);

  let given = 0;
  async function* endless() {
    for (;;) yield given++;
  }
  await expect(inLanes(session, endless(), (_, item) => work(item))).rejects.toThrow("seven");
  expect(atOnce).toBe(0);
  expect(given).toBeLessThan(20);
  expect(await session.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
});
