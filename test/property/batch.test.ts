import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { batchWorld, land, outcomeOf, recount } from "../support/batch-world.ts";
import { crashAtCall } from "../support/crash-at-call.ts";
import { engineAndFolder } from "../support/engine-and-folder.ts";
import { runs, times } from "../support/run-length.ts";
import { parts, thingRecords } from "../support/thing-records.ts";

const { engine, folder } = await engineAndFolder();

/** fc.double would nearly always be 0. */
const fraction = fc.integer({ min: 0, max: 20 }).map((n) => n / 20);

describe("the batch arm", () => {
  it("ends with the same rows, quarantine and counts as a recount, however the records fall into runs and objects", async () => {
    await fc.assert(
      fc.asyncProperty(
        thingRecords({ maxLength: 60 }),
        fc.array(fraction, { minLength: 1, maxLength: 3 }),
        fc.nat(5),
        fc.boolean(),
        fc.constantFrom(1, 300, undefined),
        async (records, cuts, every, full, chunkBytes) => {
          await using objects = createMemoryStore();
          await using tables = createMemoryStore();
          const chunks = chunkBytes === undefined ? {} : { chunkBytes };
          const world = batchWorld({ objects, tables, engine, folder: folder.path, ...chunks });
          for (const part of parts(records, cuts)) {
            await land(objects, part, ({ offset }) => every > 0 && offset % every === 0);
            await world.batch.runDataset("thing");
          }
          const expected = recount(records);
          expect(await outcomeOf(world, engine, records)).toEqual(expected);
          await world.batch.runDataset("thing", { full });
          expect(await outcomeOf(world, engine, records)).toEqual(expected);
        },
      ),
      { ...runs(20), interruptAfterTimeLimit: times(50_000) },
    );
  });

  it("ends with the same when it dies at any call to the stores and is run again, incrementally and in a rebuild", async () => {
    const [records = []] = fc.sample(thingRecords({ minLength: 30, maxLength: 40 }), { numRuns: 1, seed: 7 });
    const [first = [], second = [], third = []] = parts(records, [0.4, 0.8]);
    const expected = recount(records);
    const before = { objects: createMemoryStore(), tables: createMemoryStore() };
    await land(before.objects, first);
    await batchWorld({ ...before, engine, folder: folder.path }).batch.runDataset("thing");
    await land(before.objects, second);

    for (const full of [false, true]) {
      for (let call = 1; ; call++) {
        const stores = { objects: await copied(before.objects), tables: await copied(before.tables) };
        const mortal = crashAtCall(stores, { call, moment: "after" });
        const doomed = batchWorld({ ...mortal.target, engine, folder: folder.path }).batch.runDataset("thing", {
          full,
        });
        const died = await Promise.race([mortal.crashed, doomed.then(() => undefined)]);
        // What was only read leaves the stores as the call before left them.
        if (died !== undefined && /[.](get|head|list|stream)$/.test(died)) continue;

        await land(stores.objects, third);
        const again = batchWorld({ ...stores, engine, folder: folder.path });
        await again.batch.runDataset("thing", { full });
        expect(await outcomeOf(again, engine, records), `died at call ${call} (${died})`).toEqual(expected);
        if (died === undefined) break;
      }
    }
  });
});

async function copied(store: ObjectStore): Promise<ObjectStore> {
  const copy = createMemoryStore();
  for await (const { key } of store.list("")) await copy.put(key, await store.get(key));
  return copy;
}
