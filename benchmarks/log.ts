import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedLog } from "../src/log/embedded/embedded-log.ts";
import type { EventLog } from "../src/log/event-log.ts";
import { NO_HEADERS } from "../src/record.ts";
import type { Benchmark } from "./figure.ts";

const MS = 2000;
const VALUE = Buffer.alloc(560, 97);
const PARTITIONS = 18;

/** The embedded log alone: appends that are synced before they resolve, recovery, and reading from the disk. */
export const log: Benchmark = {
  name: "log",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    const open = () => openEmbeddedLog({ folder: join(folder, "log") });
    try {
      const writer = await open();
      await writer.createTopic("one");
      await writer.createTopic("many", { partitions: PARTITIONS });
      const single = await appends(writer, "one", 256, 1);
      const spread = await appends(writer, "many", 256, 1);
      const limit = { what: "synced 2 MiB writes of the same bytes", value: syncedRecords(folder) };
      const batches = await appends(writer, "one", 32, 100);
      await writer.close();

      const startedAt = performance.now();
      const reader = await open();
      const openMs = performance.now() - startedAt;
      const read = await readAll(reader);
      await reader.close();
      return [
        { name: "log, single appends, 256 callers", value: single, unit: "records/s" },
        { name: `log, single appends over ${PARTITIONS} partitions`, value: spread, unit: "records/s" },
        { name: "log, 100 records per append, 32 callers", value: batches, unit: "records/s", limit },
        { name: "log, open", value: openMs, unit: "ms" },
        { name: "log, sequential read from the disk", value: read, unit: "records/s" },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function appends(writer: EventLog, topic: string, callers: number, batch: number): Promise<number> {
  const { partitions } = await writer.describeTopic(topic);
  const startedAt = performance.now();
  let records = 0;
  const caller = async (_: unknown, n: number) => {
    const record = { key: null, value: VALUE, headers: NO_HEADERS, timestampMs: 0, partition: n % partitions.length };
    const sent = new Array(batch).fill(record);
    while (performance.now() - startedAt < MS) {
      await writer.append(topic, sent);
      records += batch;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (records * 1000) / (performance.now() - startedAt);
}

/** How many such records a second the disk takes, 2 MiB to a sync. */
function syncedRecords(folder: string): number {
  const bytes = Buffer.alloc(2 * 1024 * 1024, 97);
  const fd = openSync(join(folder, "raw"), "w");
  const startedAt = performance.now();
  let written = 0;
  while (performance.now() - startedAt < MS / 2) {
    written += writeSync(fd, bytes);
    fdatasyncSync(fd);
  }
  closeSync(fd);
  rmSync(join(folder, "raw"));
  return ((written / VALUE.length) * 1000) / (performance.now() - startedAt);
}

async function readAll(reader: EventLog): Promise<number> {
  const { start, end } = await reader.bounds("one", 0);
  const startedAt = performance.now();
  for (let next = start; next < end; ) next = (await reader.read("one", 0, next)).next;
  return (Number(end - start) * 1000) / (performance.now() - startedAt);
}
