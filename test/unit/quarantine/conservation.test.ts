import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession } from "../../../src/engine/query-engine.ts";
import { agreementProblems, compareArms } from "../../../src/quarantine/agreement.ts";
import { cleanTablePrefix, createCleanTable } from "../../../src/quarantine/clean-table.ts";
import { conservationProblems, countEvents, reconcile } from "../../../src/quarantine/conservation.ts";
import type { Arm } from "../../../src/quarantine/progress.ts";
import { readTotals, totalsMetrics } from "../../../src/quarantine/totals.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { openDeltaTable } from "../../../src/table/delta/delta-table.ts";
import type { Table } from "../../../src/table/table.ts";
import { thingDataset } from "../../support/batch-world.ts";

let engine: QueryEngine;
let session: QuerySession;
let openTable: (prefix: string) => Table;
beforeAll(async () => {
  engine = createDuckDbEngine({ threads: 1 });
});
afterAll(() => engine[Symbol.asyncDispose]());
beforeEach(async () => {
  const store = createMemoryStore();
  openTable = (prefix) => openDeltaTable({ store, prefix, engine, clock: systemClock, engineInfo: "test" });
  session = await engine.session();
  return () => session[Symbol.asyncDispose]();
});

const dataset = thingDataset();

async function append(arm: Arm, rows: readonly string[], totals = { superseded: 0, tombstones: 0 }): Promise<Table> {
  const table = openTable(cleanTablePrefix(arm, "thing"));
  await createCleanTable({ table, dataset });
  const values = rows.map((row, i) => `(${row}, '${arm}', 0, ${i})`).join(", ");
  const from = rows.length === 0 ? "(SELECT 1, 2, 'x', 0, 0 WHERE false)" : `(VALUES ${values})`;
  const sql = `SELECT * FROM ${from} AS made(ind, n, _topic, _partition, _offset)`;
  await table.append({ session, sql }, { metrics: () => totalsMetrics(totals) });
  return table;
}

describe("conservation", () => {
  const figures = (events: number) =>
    reconcile({ openTable, session, arm: "batch", datasets: [dataset], events: () => events });

  it("holds when events are the sum of what became of them, and says so when they are not", async () => {
    await append("batch", ["1, 1", "2, 2"], { superseded: 3, tombstones: 4 });
    const expected = { arm: "batch", dataset: "thing", rows: 2, superseded: 3, quarantined: 0, tombstones: 4 };
    const good = await figures(9);
    expect(good).toEqual([{ ...expected, events: 9, ok: true }]);
    expect(conservationProblems(good)).toEqual([]);
    const lost = await figures(10);
    expect(lost).toEqual([{ ...expected, events: 10, ok: false }]);
    expect(conservationProblems(lost)[0]).toMatch(
      /10 events.*2 rows \+ 3 superseded \+ 0 quarantined \+ 4 tombstones = 9/,
    );
  });

  it("of an arm that has seen nothing holds", async () => {
    expect(await figures(0)).toMatchObject([{ rows: 0, superseded: 0, quarantined: 0, tombstones: 0, ok: true }]);
  });

  it("takes the totals of the newest commit that has them", async () => {
    const table = await append("batch", ["1, 1"], { superseded: 1, tombstones: 2 });
    await append("batch", ["2, 1"], { superseded: 5, tombstones: 6 });
    const { version } = await table.touch({ operation: "SET TBLPROPERTIES", configuration: { a: "b" } });
    expect(await readTotals(table, version)).toEqual({ superseded: 5, tombstones: 6 });
    expect(await readTotals(table, 1)).toEqual({ superseded: 1, tombstones: 2 });
  });

  it("counts events from the log's ends, and of partitions that the log forgot from what was taken", () => {
    const ends = [
      { topic: "a", partition: 0, end: 10n },
      { topic: "a", partition: 1, end: 0n },
    ];
    const taken = [
      { topic: "a", partition: 0, next: 7n },
      { topic: "gone", partition: 0, next: 5n },
    ];
    expect(countEvents(ends, taken)).toBe(15);
  });
});

describe("the two arms", () => {
  const compared = () => compareArms({ openTable, session, datasets: [dataset] });

  it("agree when they have the same rows, wherever these came from", async () => {
    await append("batch", ["1, 1", "2, NULL"]);
    await append("stream", ["2, NULL", "1, 1"]);
    const agreement = await compared();
    expect(agreement).toEqual([{ dataset: "thing", batchRows: 2, streamRows: 2, differences: 0 }]);
    expect(agreementProblems(agreement)).toEqual([]);
  });

  it("differ by rows that only one of them has, counted both ways and as often as they stand there", async () => {
    await append("batch", ["1, 1", "2, 2", "3, 3"]);
    await append("stream", ["1, 1", "1, 1", "2, 9"]);
    const agreement = await compared();
    expect(agreement).toEqual([{ dataset: "thing", batchRows: 3, streamRows: 3, differences: 4 }]);
    expect(agreementProblems(agreement)[0]).toMatch(/thing: 3 rows by batch, 3 by stream, 4/);
  });

  it("differ by every row where one has no table", async () => {
    expect(await compared()).toEqual([{ dataset: "thing", batchRows: 0, streamRows: 0, differences: 0 }]);
    await append("stream", ["1, 1", "2, 2"]);
    expect(await compared()).toEqual([{ dataset: "thing", batchRows: 0, streamRows: 2, differences: 2 }]);
    await append("batch", []);
    expect(await compared()).toEqual([{ dataset: "thing", batchRows: 0, streamRows: 2, differences: 2 }]);
  });
});
