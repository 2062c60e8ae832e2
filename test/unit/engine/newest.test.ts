import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newestPerKey } from "../../../src/engine/newest.ts";
import { type CleaningWorld, cleaningWorld } from "../../support/cleaning-world.ts";

let world: CleaningWorld;
beforeAll(async () => {
  world = await cleaningWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

describe("the newest row of each key", () => {
  it("has the greatest offset, then partition, then topic by bytes", async () => {
    await world.session.execute(`CREATE OR REPLACE TABLE several AS SELECT * FROM (VALUES
      (1, 'old', 'a', 9, 5), (1, 'new', 'a', 0, 6),
      (2, 'low', 'z', 1, 5), (2, 'high', 'a', 2, 5),
      (3, 'Z', 'Z', 0, 5), (3, 'a', 'a', 0, 5), (3, 'é', 'é', 0, 5)) AS t(ind, word, _topic, _partition, _offset)`);
    const { rows, dropped } = newestPerKey(world.session, "several", "ind");
    expect((await world.session.query(`SELECT word FROM (${rows}) ORDER BY ind`)).rows).toEqual([
      ["new"],
      ["high"],
      ["é"],
    ]);
    expect((await world.session.query(dropped)).rows).toEqual([[4n]]);
  });
});
