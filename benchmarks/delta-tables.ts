import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Tables made of their log alone, as fast as a disk takes it: what opening them costs does not depend on rows. */

const SCHEMA = JSON.stringify({
  type: "struct",
  fields: [
    { name: "id", type: "long", nullable: true, metadata: {} },
    { name: "name", type: "string", nullable: true, metadata: {} },
  ],
});

const HEAD = [
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  {
    metaData: {
      id: "7b6e1a52-0000-4000-8000-00000000be7c",
      format: { provider: "parquet", options: {} },
      schemaString: SCHEMA,
      partitionColumns: [],
      configuration: { "delta.enableExpiredLogCleanup": "false" },
      createdTime: 0,
    },
  },
];

const add = (i: number) => ({
  add: {
    path: `part-${String(i).padStart(8, "0")}-7b6e1a52-0000-4000-8000-00000000be7c.zstd.parquet`,
    partitionValues: {},
    size: 100_000 + (i % 1000),
    modificationTime: 1_700_000_000_000 + i,
    dataChange: true,
    stats: JSON.stringify({
      numRecords: 1000,
      minValues: { id: i * 1000, name: `name ${i}` },
      maxValues: { id: i * 1000 + 999, name: `name ${i} z` },
      nullCount: { id: 0, name: 0 },
    }),
  },
});

/** A log of so many commits after the first, each of which adds so many files. */
export function writeLog(table: string, { commits, filesEach }: { commits: number; filesEach: number }): void {
  const log = join(table, "_delta_log");
  mkdirSync(log, { recursive: true });
  const put = (version: number, actions: readonly object[]) =>
    writeFileSync(
      join(log, `${String(version).padStart(20, "0")}.json`),
      actions.map((action) => `${JSON.stringify(action)}\n`).join(""),
    );
  put(0, HEAD);
  for (let version = 1; version <= commits; version++) {
    const info = { commitInfo: { timestamp: version, operation: "WRITE", isBlindAppend: true } };
    const files = Array.from({ length: filesEach }, (_, i) => add((version - 1) * filesEach + i));
    put(version, [info, ...files]);
  }
}
