import { existsSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Config } from "../define/config.ts";
import type { EventLog } from "../log/event-log.ts";
import { lostRecord } from "../log/lost-record.ts";
import { renderFor } from "../sink/object-lines.ts";
import { SINK_GROUP } from "../sink/sink.ts";
import { type ObjectPartition, objectKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { damagedObjects, logTopicOf, type ObjectDamage } from "./check-objects.ts";
import { dataFolder } from "./data-folder.ts";
import { openLog, openStores, repairOf } from "./drivers.ts";
import { lockFolder } from "./lock.ts";

/** A damaged place that was made good as far as that goes. */
export interface Repair {
  readonly what: "log" | "objects";
  /** What is whole again; undefined where there was no file. */
  readonly file: string | undefined;
  /** Where the damaged file is now. */
  readonly setAside: string | undefined;
  /** Offsets whose records are nowhere any more, `to` exclusive. */
  readonly lost: readonly {
    readonly name: string;
    readonly partition: number;
    readonly from: string;
    readonly to: string;
  }[];
  /** What becomes of the rest. */
  readonly note: string;
}

export interface RepairOptions {
  readonly config: Config;
  readonly data: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Makes a damaged log whole, and has the sink land again what objects have lost, as far as the log still holds it.
 * Damaged files are moved to `damaged/<time>/` in the data folder. Nothing else may run on the folder: throws
 * FOLDER_LOCKED, and what opening the log throws.
 */
export async function* repair({ config, data, clock, signal }: RepairOptions): AsyncGenerator<Repair> {
  const folder = dataFolder(data);
  if (!existsSync(folder.log)) return;
  using _lock = await lockFolder(folder, clock);
  const aside = join(folder.root, "damaged", new Date(clock.now()).toISOString().replaceAll(":", "-"));
  for await (const { file, setAside, lost } of repairOf(folder, join(aside, "log"))) {
    const named = lost.map(({ topic: name, partition, from, to }) => ({
      name,
      partition,
      from: `${from}`,
      to: `${to}`,
    }));
    const note = "every lost record has a placeholder, which both arms put into the quarantine";
    yield { what: "log", file, setAside, lost: named, note };
  }
  await using log = await openLog(config, folder, clock);
  // No stage is here to hold back what it has not taken, and reading every object may take hours.
  log.holdFor("pinlake.repair", () => true);
  const { objects, tables } = await openStores(config, folder);
  await using _objects = objects;
  await using _tables = tables;
  for await (const damage of damagedObjects(objects, log, signal)) {
    const setAside =
      damage.key === undefined ? undefined : await moveAside(objects, damage.key, join(aside, "objects"));
    yield { what: "objects", file: damage.key, setAside, ...(await landAgain(log, objects, damage)) };
  }
}

/** Sets the sink back to where objects are missing; it takes over those that follow. What the log let go of is lost. */
async function landAgain(
  log: EventLog,
  objects: ObjectStore,
  { of, from, ...damage }: ObjectDamage,
): Promise<Pick<Repair, "lost" | "note">> {
  const topic = logTopicOf(of);
  const landed = (await log.committed(SINK_GROUP, topic, of.partition)) ?? 0n;
  const to = damage.to ?? (landed > from ? landed : from);
  const held = (await log.stagePartitions()).find((one) => one.topic === topic && one.partition === of.partition);
  const heldFrom = held === undefined || held.start > to ? to : held.start;
  const again = heldFrom > from ? heldFrom : from;
  if (again > from) await putPlaceholders(objects, of, from, again);
  if (again < to && again < landed) await log.commit(SINK_GROUP, topic, of.partition, again);
  return again > from
    ? {
        lost: [{ name: of.name, partition: of.partition, from: `${from}`, to: `${again}` }],
        note: "the log no longer holds them; tables that had taken them keep them",
      }
    : { lost: [], note: "the log still holds its records: the next `pinlake up` or flush lands them again" };
}

async function putPlaceholders(objects: ObjectStore, of: ObjectPartition, from: bigint, to: bigint): Promise<void> {
  const render = renderFor(of.kind);
  const lines: Uint8Array[] = [];
  for (let offset = from; offset < to; offset++) lines.push(render(lostRecord(offset, 0)).bytes, NEWLINE);
  await objects.putIfAbsent(objectKey({ ...of, startOffset: from, format: "json" }), Buffer.concat(lines));
}

const NEWLINE = Buffer.from("\n");

async function moveAside(store: ObjectStore, key: string, folder: string): Promise<string | undefined> {
  const file = store.localPath(key);
  if (file === undefined) return undefined;
  const kept = join(folder, key);
  await mkdir(dirname(kept), { recursive: true });
  await rename(file, kept);
  for (const changed of [dirname(kept), dirname(file)]) {
    await using handle = await open(changed, "r");
    await handle.sync();
  }
  return kept;
}

/** What a repair says to people. */
export function describeRepair({ what, file, setAside, lost, note }: Repair): string {
  const ranges = lost.map(({ name, partition, from, to }) => `${name}/${partition} ${from} to ${to}`);
  return [
    `${what}: ${file ?? "a missing file"}${setAside === undefined ? "" : `, set aside as ${setAside}`}`,
    ranges.length === 0 ? "no record given up" : `given up: ${ranges.join(", ")} (exclusive)`,
    note,
  ].join("; ");
}
