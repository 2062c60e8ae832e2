import { closeSync, fdatasyncSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openEmbeddedLog } from "../src/log/embedded/embedded-log.ts";
import type { EventLog } from "../src/log/event-log.ts";
import { NO_HEADERS } from "../src/record.ts";
import type { Benchmark, Figure } from "./figure.ts";

const MS = 2000;
const VALUE = Buffer.alloc(560, 97);
const PARTITIONS = 18;
const MIB = 1024 * 1024;

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

      const reader = await open();
      const read = await readAll(reader);
      await reader.close();
      return [
        { name: "log, single appends, 256 callers", value: single, unit: "records/s" },
        { name: `log, single appends over ${PARTITIONS} partitions`, value: spread, unit: "records/s" },
        { name: "log, 100 records per append, 32 callers", value: batches, unit: "records/s", limit },
        { name: "log, sequential read from the disk", value: read, unit: "records/s" },
        await opening(join(folder, "recovered"), "log, recovery of a 64 MiB segment after a kill", 64 * MIB),
        await opening(join(folder, "large"), "log, opening 1 GiB", 1024 * MIB),
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

/** Fills a log and opens it again: what a start takes, and how much of the files it reads. */
async function opening(folder: string, name: string, bytes: number): Promise<Figure> {
  await using writer = await openEmbeddedLog({ folder });
  await writer.createTopic("one");
  const sent = new Array(1000).fill({ key: null, value: VALUE, headers: NO_HEADERS, timestampMs: 0, partition: 0 });
  for (let left = 0.99 * bytes; left > 0; left -= sent.length * (VALUE.length + 30)) await writer.append("one", sent);
  const opens: { readonly ms: number; readonly cpuMs: number; readonly readBytes: number }[] = [];
  for (let i = 0; i < 5; i++) {
    const [startMs, cpu, before] = [performance.now(), process.cpuUsage(), readBytes()];
    // Beside the writer, which rests: its files are what a kill would leave.
    const log = await openEmbeddedLog({ folder, stateFile: ":memory:" });
    const ms = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpu);
    opens.push({ ms, cpuMs: (user + system) / 1000, readBytes: readBytes() - before });
    await log.close();
  }
  opens.sort((a, b) => a.ms - b.ms);
  const { ms, cpuMs, readBytes: read } = opens[2]!;
  const last = readFileSync(
    join(
      folder,
      readdirSync(folder)
        .filter((file) => file.endsWith(".segment"))
        .sort()
        .at(-1)!,
    ),
  );
  const crcMs = performance.now();
  crc32(last);
  return {
    name,
    value: ms,
    unit: "ms",
    limit: { what: "the checksum of its last segment alone", value: performance.now() - crcMs },
    details: {
      "CPU ms": cpuMs,
      "read MiB": read / MIB,
      "last segment MiB": last.length / MIB,
      "longest of 5 ms": opens[4]!.ms,
    },
  };
}

/** By this process so far, from files and whatever else; 0 where the system does not say. */
function readBytes(): number {
  try {
    return Number(/^rchar: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
  } catch {
    return 0;
  }
}

async function readAll(reader: EventLog): Promise<number> {
  const { start, end } = await reader.bounds("one", 0);
  const startedAt = performance.now();
  for (let next = start; next < end; ) next = (await reader.read("one", 0, next)).next;
  return (Number(end - start) * 1000) / (performance.now() - startedAt);
}
