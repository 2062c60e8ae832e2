import { describe, expect, it } from "vitest";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { uncommitted } from "../../src/table/delta/files/data-files.ts";
import { crashAtCall } from "../support/crash-at-call.ts";
import { deltaTable, keysBelow } from "../support/delta-table.ts";
import { engineAndSession } from "../support/engine-and-folder.ts";
import { before, copyOf, tableWithRows, upkeep, writesOfKinds } from "../support/table-crashes.ts";
import { contents } from "../support/table-rows.ts";

const { engine, session } = await engineAndSession();

/** Files with rows, as the table's paths name them, those of versions' changes excepted. */
async function dataFilesIn(store: ObjectStore): Promise<string[]> {
  const keys = (await keysBelow(store, "t/")).map((key) => key.slice("t/".length));
  return keys.filter((key) => key.endsWith(".parquet") && !key.startsWith("_")).sort();
}

describe("a process that dies at any call to the store", () => {
  it.each(writesOfKinds)("leaves $name done or not done, and its replay stores nothing twice", async (kind) => {
    const { write, after } = kind;
    const prepared = await tableWithRows(engine, session, kind.options);
    const whole = crashAtCall({ store: await copyOf(prepared) });
    await write(deltaTable(whole.target.store, engine), session);
    const calls = whole.calls();
    expect(calls).toBeGreaterThan(5);
    const outcomes = new Set<string>();
    // Dying after a call leaves what dying before the next one does.
    for (let call = 1; call <= calls; call++) {
      const store = await copyOf(prepared);
      const { target, crashed } = crashAtCall({ store }, { call, moment: "before" });
      const outcome = await Promise.race([write(deltaTable(target.store, engine), session), crashed]);
      expect(outcome).toBeTypeOf("string");
      uncommitted.clear(); // as in a process of its own

      const table = deltaTable(store, engine);
      const left = await contents(session, await table.snapshot());
      expect([before, after]).toContainEqual(left);
      outcomes.add(left.join());
      const again = write(table, session);
      if (left.join() === after.join()) await expect(again).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
      else await again;
      await table.vacuum({ retentionMs: -60_000, force: true });
      const snapshot = await deltaTable(store, engine).snapshot();
      expect(await contents(session, snapshot)).toEqual(after);
      expect(await dataFilesIn(store), `call ${call}: ${outcome}`).toEqual(
        snapshot.files.map(({ path }) => path).sort(),
      );
    }
    expect(outcomes.size).toBe(2);
  });

  it.each(upkeep)("leaves the table whole in the middle of %s, which can be done again", async (_, work, after) => {
    const prepared = await tableWithRows(engine, session);
    const whole = crashAtCall({ store: await copyOf(prepared) });
    await work(deltaTable(whole.target.store, engine), session);
    const calls = whole.calls();
    expect(calls).toBeGreaterThan(4);
    for (let call = 1; call <= calls; call++) {
      const store = await copyOf(prepared);
      const { target, crashed } = crashAtCall({ store }, { call, moment: "before" });
      const outcome = await Promise.race([work(deltaTable(target.store, engine), session), crashed]);
      expect(outcome).toBeTypeOf("string");

      const table = deltaTable(store, engine);
      expect([before, after]).toContainEqual(await contents(session, await table.snapshot()));
      await work(table, session);
      await table.vacuum({ retentionMs: -60_000, force: true });
      const reader = deltaTable(store, engine);
      expect(await contents(session, await reader.snapshot())).toEqual(after);
      expect((await reader.fsck()).missing).toEqual([]);
    }
  });
});
