import { type Clock, systemClock } from "../clock.ts";
import type { EventRecord, LogRecord } from "../record.ts";
import { recordBytes } from "./append-call.ts";
import { type LocalLog, localLog } from "./local-log.ts";
import type { GroupOffsets, PartitionLog, RecordStorage } from "./record-storage.ts";

export interface MemoryLogOptions {
  readonly clock?: Clock;
  readonly maxRecordBytes?: number;
  readonly retentionMs?: number;
}

/** A log that is gone with its process: for tests, and for trying things out. */
export function createMemoryLog(options: MemoryLogOptions = {}): LocalLog {
  return localLog({
    clock: options.clock ?? systemClock,
    supports: { durable: false, denseOffsets: true, offsetsOutliveTopic: true },
    storage: memoryStorage(),
    offsets: memoryOffsets(),
    topics: new Map(),
    maxRecordBytes: options.maxRecordBytes ?? 1024 * 1024,
    maxWriteBytes: 8 * 1024 * 1024,
    retentionMs: options.retentionMs ?? -1,
    retentionBytes: -1,
    retentionCheckMs: 60_000,
  });
}

interface Kept {
  /** The offset of `records[0]`. */
  first: number;
  records: LogRecord[];
  storedAtMs: number[];
}

function memoryStorage(): RecordStorage {
  const partitions = new Map<PartitionLog, Kept>();
  const keptOf = (log: PartitionLog): Kept => {
    let kept = partitions.get(log);
    if (kept === undefined) {
      kept = { first: log.end, records: [], storedAtMs: [] };
      partitions.set(log, kept);
    }
    return kept;
  };
  return {
    async write(blocks, nowMs) {
      for (const { log, base, records } of blocks) {
        const kept = keptOf(log);
        for (const [i, record] of records.entries()) {
          kept.records.push(copy(record, base + i));
          kept.storedAtMs.push(nowMs);
        }
      }
    },
    saveTopics: async () => {},
    async read(log, from, { maxRecords, maxBytes }) {
      const { first, records } = keptOf(log);
      const taken: LogRecord[] = [];
      let bytes = 0;
      for (let i = from - first; i < log.end - first && taken.length < maxRecords; i++) {
        bytes += recordBytes(records[i]!);
        if (taken.length > 0 && bytes > maxBytes) break;
        taken.push(records[i]!);
      }
      return taken;
    },
    async offsetForTime(log, from, timestampMs) {
      const { first, records } = keptOf(log);
      for (let i = from - first; i < log.end - first; i++) if (records[i]!.timestampMs >= timestampMs) return first + i;
      return undefined;
    },
    expired(log, { retentionMs, retentionBytes }, nowMs) {
      const { first, records, storedAtMs } = keptOf(log);
      let keepFrom = records.length;
      let bytes = 0;
      while (keepFrom > 0) {
        bytes += recordBytes(records[keepFrom - 1]!);
        const old = retentionMs >= 0 && nowMs - storedAtMs[keepFrom - 1]! > retentionMs;
        if (old || (retentionBytes >= 0 && bytes > retentionBytes)) break;
        keepFrom--;
      }
      return first + keepFrom;
    },
    sealPast: async () => {},
    makeRoom: async () => {},
    async removeBelowStarts() {
      let bytes = 0;
      for (const [log, kept] of partitions) {
        const gone = log.start - kept.first;
        if (gone <= 0) continue;
        for (const record of kept.records.splice(0, gone)) bytes += recordBytes(record);
        kept.storedAtMs.splice(0, gone);
        kept.first = log.start;
      }
      return bytes;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

const copy = ({ key, value, headers, timestampMs }: EventRecord, offset: number): LogRecord => ({
  offset: BigInt(offset),
  key: key?.slice() ?? null,
  value: value?.slice() ?? null,
  headers: headers.map((header) => ({ name: header.name, value: header.value?.slice() ?? null })),
  timestampMs,
});

function memoryOffsets(): GroupOffsets {
  const groups = new Map<string, bigint>();
  const place = (group: string, topic: string, partition: number) => JSON.stringify([group, topic, partition]);
  return {
    async commit(group, topic, partition, next) {
      if (next === null) groups.delete(place(group, topic, partition));
      else groups.set(place(group, topic, partition), next);
    },
    committed: (group, topic, partition) => groups.get(place(group, topic, partition)),
    [Symbol.dispose]: () => {},
  };
}
