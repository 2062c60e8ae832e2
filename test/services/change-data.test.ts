import { afterAll, describe, expect, it } from "vitest";
import type { CreateOptions, Table } from "../../src/table/table.ts";
import { EVENTS, events } from "../support/table-rows.ts";
import { tablesInFolder } from "../support/tables-in-folder.ts";
import { startDeltaRs } from "./matrix/delta-rs.ts";
import { sparkAt } from "./spark/spark.ts";

const FEED = { "delta.enableChangeDataFeed": "true" };

/** `version type id seq` of every change that the steps below make. */
const CHANGES = [
  "1 insert a 1",
  "1 insert b 2",
  "1 insert c 3",
  "1 insert d 4",
  "2 delete b 2",
  "3 update_postimage c 30",
  "3 update_preimage c 3",
  "4 insert e 5",
  "4 update_postimage a 10",
  "4 update_preimage a 1",
  "5 delete d 4",
  "5 insert f 6",
  "5 update_postimage e 50",
  "5 update_preimage e 5",
  "6 delete c 30",
  "6 insert g 30",
];

describe("what our tables say that changed", async () => {
  const spark = sparkAt();
  const { session, folder, pathOf, tableAt } = await tablesInFolder();
  const deltaRs = startDeltaRs(folder);
  afterAll(() => deltaRs[Symbol.asyncDispose]());

  async function changed(table: Table, definition: Partial<CreateOptions>): Promise<void> {
    const { configuration } = definition;
    await table.create({ ...definition, schema: EVENTS, configuration: { ...configuration, ...FEED } });
    await table.append(
      events(
        session,
        [..."abcd"].map((id, i) => ({ id, seq: i + 1 })),
      ),
    );
    await table.delete({ session, where: "id = 'b'" });
    await table.update({ session, where: "seq = 3", set: { seq: "seq * 10" } });
    const upserted = events(session, [
      { id: "a", seq: 10 },
      { id: "e", seq: 5 },
    ]);
    await table.merge(upserted, { key: ["id"] });
    await table.mergeInto(
      { session, sql: "SELECT * FROM (VALUES ('d', 0), ('e', 50), ('f', 6)) AS v(id, seq)" },
      {
        on: "source.id = target.id",
        whenMatched: [{ when: "source.seq = 0", delete: true }, { update: { seq: "source.seq" } }],
        whenNotMatched: [{ insert: { id: "source.id", seq: "source.seq" } }],
      },
    );
    await table.overwrite(events(session, [{ id: "g", seq: 30 }]), { where: "seq = 30" });
  }

  it.each([
    { name: "plain", definition: {} },
    { name: "marked", definition: { configuration: { "delta.enableDeletionVectors": "true" } } },
    {
      name: "mapped",
      definition: { partitionColumns: ["id"], configuration: { "delta.columnMapping.mode": "name" } },
    },
  ])("Spark reads change for change, in tables that are $name", async ({ name, definition }) => {
    await changed(tableAt(name), definition);
    const rows = await spark(
      `SELECT _commit_version, _change_type, id, seq FROM table_changes_by_path('${pathOf(name)}', 1)`,
    );
    expect(rows.map((row) => row.join(" ")).sort()).toEqual(CHANGES);
  });

  it("delta-rs reads change for change", async () => {
    await changed(tableAt("for-delta-rs"), {});
    const path = pathOf("for-delta-rs");
    await deltaRs.run(
      path,
      `
found = []
for batch in DeltaTable(${JSON.stringify(path)}).load_cdf(starting_version=1):
    columns = [batch.column(name).to_pylist() for name in ("_commit_version", "_change_type", "id", "seq")]
    found += [" ".join(str(value) for value in row) for row in zip(*columns)]
assert sorted(found) == ${JSON.stringify(CHANGES)}, sorted(found)
`,
    );
  });
});
