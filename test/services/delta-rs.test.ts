import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { structType } from "../../src/engine/schema.ts";
import { ALL_TYPES, allTypesSql, FIRST_ID } from "../support/all-types.ts";
import { logKey } from "../support/delta-table.ts";
import { tablesInFolder } from "../support/tables-in-folder.ts";

const root = join(import.meta.dirname, "../..");

/** Reads a table and answers with one JSON document. Timestamps and decimals as text, so that nothing is rounded. */
const READER = `
import json, sys
from deltalake import DeltaTable, QueryBuilder
path, app_id, *queries = sys.argv[1:]
table = DeltaTable(path)
builder = QueryBuilder().register("t", table)
def rows(sql):
    result = builder.execute(sql).read_all()
    columns = [result[name].to_pylist() for name in result.column_names]
    return [list(row) for row in zip(*columns)]
print(json.dumps({
    "version": table.version(),
    "protocol": [table.protocol().min_reader_version, table.protocol().min_writer_version],
    "txn": table.transaction_version(app_id),
    "operations": [h.get("operation") for h in table.history()],
    "answers": [rows(q) for q in queries],
}, default=str))
`;

const columns = ALL_TYPES.filter(({ name }) => name !== "bytes");
describe("delta-rs reads our tables", async () => {
  const { session, store, pathOf, tableAt } = await tablesInFolder();
  const python = execFileSync(join(root, "scripts/services/delta-rs.sh"), { encoding: "utf8" }).trim();
  const rows = (from: number, to: number, name: string) => ({
    session,
    sql: `SELECT * EXCLUDE (bytes) FROM (${allTypesSql(from, to, name)})`,
  });
  const ask = (...queries: string[]) =>
    JSON.parse(execFileSync(python, ["-c", READER, pathOf("t"), "job/t/0", ...queries], { encoding: "utf8" }));

  it("row by row, through merges, a checkpoint without older commits, and OPTIMIZE", async () => {
    const table = tableAt("t");
    await table.create({ schema: structType(columns), configuration: { "delta.isolationLevel": "Serializable" } });
    for (let batch = 0; batch < 12; batch++)
      await table.merge(rows(batch * 100, batch * 100 + 150, `batch ${batch}`), {
        key: ["id"],
        txns: [{ appId: "job/t/0", version: BigInt(batch + 1) }],
      });
    const queries = [
      "SELECT count(*), count(DISTINCT id), count(ratio), sum(small), sum(price)::varchar, max(nested['x']) FROM t",
      "SELECT name, count(*) FROM t GROUP BY name ORDER BY name",
      `SELECT count(*), min(id), max(at)::varchar FROM t WHERE id > ${FIRST_ID + 1000n}`,
      "SELECT count(*) FROM t WHERE at >= to_timestamp_micros(1577836800123456 + 1249000000)",
      "SELECT count(*) FROM t WHERE name = 'batch 11 é' AND point[1] >= 1200 AND day > date '2020-01-01'",
    ];
    const first = ask(...queries);
    expect(first).toMatchObject({ version: 12, protocol: [1, 2], txn: 12 });
    expect(first.operations.slice(0, 2)).toEqual(["MERGE", "MERGE"]);
    expect(first.answers[0]).toEqual([[1250, 1250, 1125, 60625, "97578.125", 1249]]);
    expect(first.answers[1]).toHaveLength(12);
    expect(first.answers[2][0].slice(0, 2)).toEqual([249, Number(FIRST_ID + 1001n)]);
    expect(first.answers[3]).toEqual([[1]]);
    expect(first.answers[4]).toEqual([[50]]);

    for (let version = 0; version < 10; version++) await store.delete(logKey(version));
    expect(ask(...queries).answers).toEqual(first.answers);
    await table.optimize({ session });
    expect(ask(...queries)).toMatchObject({ version: 13, answers: first.answers });
    await table.checkpoint();
    for (let version = 10; version < 13; version++) await store.delete(logKey(version));
    expect(ask(...queries)).toMatchObject({ version: 13, txn: 12, answers: first.answers });
  });
});
