import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ManualClock, manualClock } from "../../src/clock.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { verifyLog } from "../../src/log/embedded/verify.ts";
import type { LocalLog } from "../../src/log/local-log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import type { TopicState } from "../../src/log/topic-state.ts";
import { code, numbers, readAll, record, text } from "../support/event-log.ts";
import { times } from "../support/run-length.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { tempFolder } from "../support/temp-folder.ts";

const MINUTE = 60_000;
const KEPT_MS = 20 * MINUTE;
const KEPT_BYTES = 2000;
const SEGMENT_BYTES = 1500;

/** How each topic's records go, and which stages take it. */
const TOPICS: Readonly<Record<string, { config: TopicState["config"]; groups: readonly string[] }>> = {
  "old.goes": { config: {}, groups: ["sink", "stream"] },
  "much.goes": { config: { "retention.ms": "-1", "retention.bytes": String(KEPT_BYTES) }, groups: ["sink"] },
  "free.goes": { config: { "retention.ms": String(KEPT_MS / 4) }, groups: [] },
};
const ageOf = (topic: string) => (topic === "much.goes" ? Infinity : topic === "free.goes" ? KEPT_MS / 4 : KEPT_MS);
const PARTITIONS = 2;

interface Stored {
  readonly value: string;
  readonly atMs: number;
}

/** What was appended to a partition of a name, whatever became of it, and below which offset nobody reads any more. */
interface Known {
  readonly topic: string;
  readonly partition: number;
  readonly records: Stored[];
  /** Where the present incarnation begins; the end while there is none. */
  left: number;
  readonly committed: Map<string, number>;
  start: number;
}

interface World {
  readonly clock: ManualClock;
  log: LocalLog;
  restart(): Promise<void>;
  check(): Promise<void>;
}

const holding = (log: LocalLog): LocalLog => {
  for (const group of ["sink", "stream"]) log.holdFor(group, (topic) => TOPICS[topic]?.groups.includes(group) === true);
  return log;
};

async function embeddedWorld(folder: string): Promise<World> {
  const clock = manualClock(1_000_000_000);
  const state = { folder, clock, segmentBytes: SEGMENT_BYTES, retentionMs: KEPT_MS };
  const open = async () => holding(await openEmbeddedLog(state));
  const world: World = {
    clock,
    log: await open(),
    async restart() {
      await world.log.close();
      world.log = await open();
    },
    async check() {
      expect(await Array.fromAsync(verifyLog(folder))).toEqual([]);
    },
  };
  return world;
}

function memoryWorld(): World {
  const clock = manualClock(1_000_000_000);
  const log = holding(createMemoryLog({ clock, retentionMs: KEPT_MS }));
  return { clock, log, restart: async () => {}, check: async () => {} };
}

/** Random appends, commits, deletions, restarts and hours; after each turn nothing may be gone that somebody may still want. */
async function live(world: World, random: () => number, operations: number): Promise<void> {
  const upTo = (max: number) => Math.floor(random() * max);
  const known: Known[] = Object.keys(TOPICS).flatMap((topic) =>
    numbers(0, PARTITIONS).map((partition) => ({
      topic,
      partition,
      records: [],
      left: 0,
      committed: new Map(TOPICS[topic]!.groups.map((group) => [group, 0])),
      start: 0,
    })),
  );
  const alive = new Set<string>();
  const create = async (topic: string) => {
    await world.log.createTopic(topic, { partitions: PARTITIONS, config: TOPICS[topic]!.config });
    for (const one of known) if (one.topic === topic) one.left = one.records.length;
    alive.add(topic);
  };
  const commit = async (of: Known, group: string, next: number) => {
    of.committed.set(group, next);
    await world.log.commit(group, of.topic, of.partition, BigInt(next));
  };
  /** The log's own turns are due meanwhile; one more waits for the last of them. */
  const pass = async (ms: number) => {
    await world.clock.advance(ms);
    await world.log.removeExpired();
  };
  const heldFrom = ({ committed }: Known) => Math.min(Number.POSITIVE_INFINITY, ...committed.values());

  /** Why the record at an offset may be gone. */
  const mayGo = (of: Known, offset: number): boolean => {
    const left = alive.has(of.topic) ? of.left : of.records.length;
    if (offset < left && heldFrom(of) >= left) return true;
    const bytesAfter = of.records.slice(offset + 1).reduce((sum, { value }) => sum + value.length, 0);
    if (of.topic === "much.goes" && bytesAfter + 64 * (of.records.length - offset) >= KEPT_BYTES) return true;
    return world.clock.now() - of.records[offset]!.atMs > ageOf(of.topic);
  };

  async function look(): Promise<void> {
    const parts = await world.log.stagePartitions();
    for (const of of known) {
      const part = parts.find(({ topic, partition }) => topic === of.topic && partition === of.partition);
      if (part === undefined) continue;
      const start = Number(part.start);
      expect(Number(part.end)).toBe(of.records.length);
      expect(start).toBeGreaterThanOrEqual(of.start);
      for (let gone = of.start; gone < start; gone++) {
        expect(gone, `${of.topic}/${of.partition}@${gone} was taken`).toBeLessThan(heldFrom(of));
        expect(mayGo(of, gone), `${of.topic}/${of.partition}@${gone} is past a limit`).toBe(true);
      }
      of.start = start;
      const left = await readAll(world.log, of.topic, of.partition, true);
      expect(left.map(({ value }) => text(value))).toEqual(of.records.slice(start).map(({ value }) => value));
      if (start > 0)
        await expect(
          world.log.read(of.topic, of.partition, BigInt(upTo(start)), { includeDeleted: true }),
        ).rejects.toMatchObject({ code: "OFFSET_OUT_OF_RANGE", details: { start: part.start, end: part.end } });
    }
  }

  async function step(operation: number): Promise<void> {
    const of = known[upTo(known.length)]!;
    const dice = random();
    if (!alive.has(of.topic)) return create(of.topic);
    if (dice < 0.5) {
      const values = numbers(0, 1 + upTo(5)).map((i) => `${operation}.${i}:${"x".repeat(upTo(300))}`);
      const sent = values.map((value) => record(value, { partition: of.partition }));
      await world.log.append(of.topic, sent);
      for (const value of values) of.records.push({ value, atMs: world.clock.now() });
    } else if (dice < 0.7) {
      for (const group of TOPICS[of.topic]!.groups) {
        if (upTo(4) === 0) continue; // this one is late
        const from = of.committed.get(group)!;
        const next = from + upTo(of.records.length - from + 1);
        await commit(of, group, next);
      }
    } else if (dice < 0.85) {
      await pass(upTo(KEPT_MS / 5));
    } else if (dice < 0.88) {
      await world.log.deleteTopic(of.topic);
      alive.delete(of.topic);
    } else if (dice < 0.92) await world.restart();
    else await pass(0);
  }

  for (let operation = 0; operation < operations; operation++) {
    await step(operation);
    await look();
  }

  // When the stages have taken everything, what is past its age goes within a tenth of it and a turn, or two.
  for (const of of known) for (const group of of.committed.keys()) await commit(of, group, of.records.length);
  for (const _ of numbers(0, 12)) await pass(KEPT_MS / 10 + 1);
  await look();
  for (const { topic, partition, start, records } of known)
    if (topic !== "much.goes") expect(start, `${topic}/${partition}`).toBe(records.length);
  expect(world.log.retention()).toMatchObject({ held: [], lastTurnAtMs: world.clock.now() });
  await expect(world.log.read("nowhere", 0, 0n)).rejects.toEqual(code("TOPIC_NOT_FOUND"));
  await world.check();
}

describe("retention takes what is past its limits and taken by the stages, and nothing else", () => {
  const seed = printedSeed("retention");

  it("in the memory log", async () => {
    const world = memoryWorld();
    await live(world, seededRandom(seed), times(400));
    await world.log.close();
  });

  it("in the embedded log, whose files go too", async () => {
    await using temp = await tempFolder();
    const world = await embeddedWorld(temp.path);
    await live(world, seededRandom(seed), times(300));
    const segments = readdirSync(temp.path).filter((name) => name.endsWith(".segment"));
    const bytes = segments.reduce((sum, name) => sum + statSync(join(temp.path, name)).size, 0);
    // "much.goes" keeps its bytes and a segment on top, of either partition.
    expect(bytes).toBeLessThan(2 * (KEPT_BYTES + SEGMENT_BYTES) + 20_000);
    await world.log.close();
  });
});
