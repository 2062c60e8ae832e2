import { PinlakeError } from "../errors.ts";
import { type AppendUnit, failPart, unitFailed, unitStored, whyNot } from "./append-call.ts";
import type { Block, PartitionLog, RecordStorage } from "./record-storage.ts";

export interface WriteQueue {
  append(units: readonly AppendUnit[]): void;
  /** Runs `change` between two writes, after what was queued before it. */
  exclusive<T>(change: () => Promise<T>): Promise<T>;
  /** Stores what is queued, then rejects what comes. */
  close(): Promise<void>;
}

export interface WriteQueueOptions {
  readonly storage: Pick<RecordStorage, "write">;
  readonly maxWriteBytes: number;
  readonly now: () => number;
  /** Called when the blocks are stored and the ends of their partitions moved. */
  readonly stored: (blocks: readonly Block[]) => void;
}

/** How many turns of the event loop a write waits at most for more to share it. */
const MAX_TURNS = 8;
/** With so much to write a sync of its own is cheap: what comes later is read and parsed while the disk is busy. */
const ENOUGH_BYTES = 256 * 1024;

/**
 * Group commit: one write at a time, and everything that queues meanwhile goes into the next one. So records that
 * wait at the same time share one sync, whatever their topics and partitions.
 */
export function writeQueue({ storage, maxWriteBytes, now, stored }: WriteQueueOptions): WriteQueue {
  let units: AppendUnit[] = [];
  let waitingBytes = 0;
  let changes: (() => Promise<void>)[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  function wake(): void {
    running ??= run();
  }

  async function run(): Promise<void> {
    while (units.length > 0 || changes.length > 0) {
      await gather();
      const changesNow = changes;
      changes = [];
      while (units.length > 0) {
        // After a failure the event loop has its turn: a disk may fail at once, and callers try again at once.
        const stored = await writeSome();
        if (!stored || changesNow.length > 0) break;
      }
      for (const change of changesNow) await change();
    }
    running = undefined;
  }

  /** Waits while every turn of the event loop brings more: those who were just answered ask again, and share one sync. */
  async function gather(): Promise<void> {
    for (let turn = 0, before = -1; turn < MAX_TURNS && units.length > before && waitingBytes < ENOUGH_BYTES; turn++) {
      before = units.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function writeSome(): Promise<boolean> {
    const taken = takeUnits();
    const blocks = layOut(taken);
    try {
      if (blocks.length > 0) await storage.write(blocks, now());
    } catch (error) {
      const reason = error instanceof Error ? error : new PinlakeError("INTERNAL", { reason: String(error) });
      for (const unit of taken) unitFailed(unit, reason);
      return false;
    }
    for (const { log, base, records } of blocks) log.end = base + records.length;
    for (const unit of taken) unitStored(unit);
    stored(blocks);
    return true;
  }

  function takeUnits(): AppendUnit[] {
    let bytes = 0;
    let count = 0;
    while (count < units.length) {
      bytes += units[count]!.bytes;
      if (count > 0 && bytes > maxWriteBytes) break;
      waitingBytes -= units[count]!.bytes;
      count++;
    }
    if (count < units.length) return units.splice(0, count);
    const taken = units;
    units = [];
    return taken;
  }

  return {
    append(more) {
      if (closed) {
        for (const unit of more) for (const part of unit.parts) failPart(unit.call, part, logClosed());
        for (const unit of more) unitFailed(unit, logClosed());
        return;
      }
      for (const unit of more) {
        units.push(unit);
        waitingBytes += unit.bytes;
      }
      wake();
    },
    exclusive(change) {
      if (closed) return Promise.reject(logClosed());
      return new Promise((resolve, reject) => {
        changes.push(async () => {
          try {
            resolve(await change());
          } catch (error) {
            reject(error);
          }
        });
        wake();
      });
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

export const logClosed = () => new PinlakeError("CLOSED", { what: "The log" });

/** Gives each part its offsets; a part whose partition takes none any more fails alone. */
function layOut(units: readonly AppendUnit[]): Block[] {
  const blocks = new Map<PartitionLog, Block>();
  for (const unit of units) {
    for (const part of unit.parts) {
      const error = whyNot(unit.entry, unit.incarnation, part.partition);
      if (error !== undefined) {
        failPart(unit.call, part, error);
        continue;
      }
      const log = unit.entry.logs[part.partition]!;
      let block = blocks.get(log);
      if (block === undefined) {
        block = { log, base: log.end, records: [] };
        blocks.set(log, block);
      }
      part.block = block;
      part.first = block.records.length;
      for (const record of part.records) block.records.push(record);
    }
  }
  return [...blocks.values()];
}
