import type { Dataset } from "../define/dataset.ts";
import type { RecordsInput } from "../engine/clean.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog, StagePartition } from "../log/event-log.ts";
import { streamOf } from "../log/names.ts";
import { nextOffset, type Taken, takenBy } from "../quarantine/progress.ts";
import type { LogRecord } from "../record.ts";
import type { Snapshot } from "../table/table.ts";
import { type Claim, claimOn, partitionKeyFilter } from "./routing.ts";

/** Records of one micro-batch, and how far their partitions are decided once it is committed. */
export interface Cut {
  readonly inputs: readonly RecordsInput[];
  readonly taken: readonly Taken[];
  readonly records: number;
}

/** What a dataset takes of the log, read ahead of its table by one micro-batch at most. */
export interface Feed {
  /** Starts anew behind what this version of the table has taken. */
  restart(snapshot: Snapshot): void;
  /** Whether the log has what the table wants next. Throws LOG_BEHIND, LOG_TRIMMED. */
  check(): Promise<void>;
  /** Reads what is there, up to a whole micro-batch. Throws LOG_BEHIND, LOG_TRIMMED. */
  fill(): Promise<void>;
  /** `backlog`: the log holds more than was read, for the micro-batch is full or the records of others are many. */
  waiting(): { readonly records: number; readonly backlog: boolean };
  /** Whether so many records of other datasets went by that the table should remember it. */
  markDue(): boolean;
  cut(): Cut;
  /** The last cut is in the table. */
  settle(): void;
  claims(stream: string): boolean;
  /** The log's topics that it reads. */
  topics(): readonly string[];
  progress(): readonly FeedProgress[];
}

export interface FeedProgress {
  readonly topic: string;
  readonly partition: number;
  /** Every record below is decided. */
  readonly decided: bigint;
  /** Every record below is decided, and the table says so. */
  readonly remembered: bigint;
  readonly end: bigint;
}

export interface FeedOptions {
  readonly log: EventLog;
  readonly dataset: Dataset;
  readonly datasets: readonly Dataset[];
  readonly maxRecords: number;
  readonly maxBytes?: number;
  /** Sees each record of a shared stream, some more than once, and whether this dataset takes it. */
  readonly onShared?: (stream: string, partition: number, record: LogRecord) => void;
}

interface Reading {
  readonly topic: string;
  readonly stream: string;
  readonly partition: number;
  readonly claim: Claim;
  deleted: boolean;
  end: bigint;
  next: bigint;
  remembered: bigint;
  decided: bigint;
  records: LogRecord[];
}

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;

export function openFeed({
  log,
  dataset,
  datasets,
  maxRecords,
  maxBytes = DEFAULT_MAX_BYTES,
  onShared,
}: FeedOptions): Feed {
  const claims = new Map<string, Claim>();
  const what = `The stream table of "${dataset.name}"`;
  const matchesKey = partitionKeyFilter([dataset]);
  let readings = new Map<string, Reading>();
  let base: Snapshot | undefined;
  let [records, bytes] = [0, 0];

  const claimOf = (stream: string): Claim => {
    const known = claims.get(stream) ?? claimOn(dataset, stream, datasets);
    claims.set(stream, known);
    return known;
  };

  const room = () => (bytes >= maxBytes ? 0 : maxRecords - records);

  function begin({ topic, partition, start, end, deleted }: StagePartition, stream: string): Reading {
    const next = nextOffset(base, "stream", stream, partition);
    if (next > end) throw new PinlakeError("LOG_BEHIND", { what, topic: stream, partition, offset: next, end });
    if (next < start)
      throw new PinlakeError("LOG_TRIMMED", {
        what,
        topic: stream,
        partition,
        offset: next,
        start,
        dataset: dataset.name,
      });
    const at = { deleted, end, next, remembered: next, decided: next, records: [] };
    return { topic, stream, partition, claim: claimOf(stream), ...at };
  }

  async function refresh(): Promise<void> {
    for (const found of await log.stagePartitions()) {
      const stream = streamOf(found.topic);
      if (stream === undefined || claimOf(stream) === "none") continue;
      const name = `${found.partition}/${stream}`;
      const reading = readings.get(name);
      if (reading === undefined) readings.set(name, begin(found, stream));
      else Object.assign(reading, { end: found.end, deleted: found.deleted });
    }
  }

  async function read(reading: Reading, most: number): Promise<number> {
    const { topic, stream, partition, claim, next: from } = reading;
    const batch = await log.read(topic, partition, from, { maxRecords: most, includeDeleted: true });
    reading.next = batch.next;
    for (const record of batch.records) {
      if (claim === "by-key") {
        onShared?.(stream, partition, record);
        if (!matchesKey(record.key)) continue;
      }
      reading.records.push(record);
      records++;
      bytes += (record.value?.length ?? 0) + 100;
    }
    return Number(batch.next - from);
  }

  const behind = () => [...readings.values()].filter((reading) => reading.next < reading.end);

  const skipped = (reading: Reading) => reading.records.length === 0 && reading.next > reading.remembered;

  const settle = () => {
    for (const reading of readings.values()) reading.decided = reading.records[0]?.offset ?? reading.next;
  };

  return {
    restart(snapshot) {
      base = snapshot;
      readings = new Map();
      [records, bytes] = [0, 0];
    },
    async check() {
      await refresh();
      if (!log.supports.offsetsOutliveTopic) return;
      for (const { topic, partition, next } of takenBy(base, "stream"))
        if (next > 0n && !readings.has(`${partition}/${topic}`) && claimOf(topic) !== "none")
          throw new PinlakeError("LOG_BEHIND", { what, topic, partition, offset: next, end: 0n });
    },
    async fill() {
      await refresh();
      for (let scanned = 0; scanned < maxRecords && room() > 0; ) {
        const unread = behind();
        if (unread.length === 0) break;
        const share = Math.ceil(room() / unread.length);
        for (const reading of unread) if (room() > 0) scanned += await read(reading, Math.min(share, room()));
      }
      settle();
    },
    waiting: () => ({ records, backlog: room() <= 0 || behind().length > 0 }),
    markDue: () =>
      [...readings.values()].some(
        (reading) =>
          skipped(reading) &&
          (reading.next - reading.remembered >= BigInt(maxRecords) ||
            (reading.deleted && reading.next === reading.end)),
      ),
    cut() {
      const moved = [...readings.values()].filter((reading) => reading.next > reading.remembered);
      const inputs = moved
        .filter((reading) => reading.records.length > 0)
        .map(({ stream, partition, records: cut }) => ({ topic: stream, partition, records: cut }));
      const taken = moved.map(({ stream, partition, next }) => ({ topic: stream, partition, next }));
      const cut = { inputs, taken, records };
      for (const reading of moved) reading.records = [];
      [records, bytes] = [0, 0];
      return cut;
    },
    settle() {
      for (const reading of readings.values()) if (reading.records.length === 0) reading.remembered = reading.next;
      settle();
    },
    claims: (stream) => claimOf(stream) !== "none",
    topics: () => [...new Set([...readings.values()].map(({ topic }) => topic))],
    progress: () =>
      [...readings.values()].map(({ topic, partition, decided, remembered, end }) => ({
        topic,
        partition,
        decided,
        remembered,
        end,
      })),
  };
}
