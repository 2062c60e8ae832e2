import { describe, expect } from "vitest";
import type { AppendRecord } from "../../src/log/event-log.ts";
import { partitionOfKey } from "../../src/log/partitioner.ts";
import {
  bytes,
  code,
  type EventLogSubject,
  numbers,
  promises,
  readAll,
  record,
  send,
  stored,
  text,
  values,
} from "../support/event-log.ts";
import { eventLogTopicConformance } from "./event-log-topics.ts";

/** What every driver of the EventLog port promises. */
export function eventLogConformance(name: string, create: () => Promise<EventLogSubject>): void {
  const test = promises(create);

  describe(`${name} keeps the EventLog promises: records`, () => {
    test("gives back a record as it came: key, value, headers, timestamp", async (log) => {
      await log.createTopic("t");
      const sent: AppendRecord[] = [
        {
          key: bytes("k"),
          value: bytes('{"a":1}'),
          headers: [
            { name: "h", value: bytes("1") },
            { name: "h", value: null },
            { name: "ünïcode", value: new Uint8Array(0) },
          ],
          timestampMs: 1_598_586_767_123,
        },
        { key: null, value: null, headers: [], timestampMs: 0 },
        { key: new Uint8Array(0), value: new Uint8Array(0), headers: [], timestampMs: 253_402_300_799_999 },
        { key: new Uint8Array([0, 255, 128]), value: new Uint8Array([1, 0]), headers: [], timestampMs: -1 },
      ];
      await log.append("t", sent);
      const { records, next } = await log.read("t", 0, 0n);
      const plain = (r: AppendRecord) => ({
        key: r.key && [...r.key],
        value: r.value && [...r.value],
        headers: r.headers.map((h) => [h.name, h.value && [...h.value]]),
        timestampMs: r.timestampMs,
      });
      expect(records.map(plain)).toEqual(sent.map(plain));
      expect(next).toBeGreaterThanOrEqual(4n);
    });

    test("keeps the order of a partition and gives rising offsets", async (log) => {
      await log.createTopic("t");
      const calls = numbers(0, 50).map((i) => send(log, "t", `${i}a`, `${i}b`));
      const offsets = (await Promise.all(calls)).flat().map((r) => r.offset);
      const records = await readAll(log, "t");
      expect(values(records)).toEqual(numbers(0, 50).flatMap((i) => [`${i}a`, `${i}b`]));
      expect(records.map((r) => r.offset)).toEqual(offsets);
      expect([...offsets].sort((a, b) => (a < b ? -1 : 1))).toEqual(offsets);
      if (log.supports.denseOffsets) expect(offsets).toEqual(numbers(0, 100).map(BigInt));
    });

    test("sends a key where Kafka's default partitioner would, and keyless records to every partition", async (log) => {
      await log.createTopic("t", { partitions: 3 });
      for (const key of ["a", "b", "c", "7528", "2863"]) {
        const [outcome] = stored(await log.append("t", [record("v", { key: bytes(key) })]));
        expect(outcome!.partition).toBe(partitionOfKey(bytes(key), 3));
      }
      const used = new Set<number>();
      for (let i = 0; i < 200 && used.size < 3; i++)
        used.add(stored(await log.append("t", [record("v")]))[0]!.partition);
      expect(used.size).toBe(3);
    });

    test("gives every record of a call its own outcome, in order", async (log) => {
      await log.createTopic("t", { partitions: 2 });
      const outcomes = await log.append("t", [
        record("a", { partition: 1 }),
        record("b", { partition: 9 }),
        record("c", { partition: 0 }),
        record("d", { partition: 1 }),
      ]);
      expect(outcomes[1]).toEqual({ error: code("PARTITION_NOT_FOUND") });
      expect(outcomes.map((o) => ("error" in o ? "error" : o.partition))).toEqual([1, "error", 0, 1]);
      expect(values(await readAll(log, "t", 1))).toEqual(["a", "d"]);
      expect(values(await readAll(log, "t", 0))).toEqual(["c"]);
    });

    test("rejects a call of which nothing could be stored, and stores nothing of it", async (log) => {
      await expect(log.append("nowhere", [record("a")])).rejects.toEqual(code("TOPIC_NOT_FOUND"));
      await log.createTopic("t");
      await expect(log.append("t", [record("a", { partition: 1 })])).rejects.toEqual(code("PARTITION_NOT_FOUND"));
      await expect(log.append("t", [record("x".repeat(1024 * 1024 + 1))])).rejects.toEqual(code("RECORD_TOO_LARGE"));
      const { start, end } = await log.bounds("t", 0);
      expect(end).toBe(start);
      expect(await log.append("t", [])).toEqual([]);
    });

    test("takes records of up to the largest size, and calls of many", async (log) => {
      await log.createTopic("t");
      const large = "x".repeat(1024 * 1024);
      const results = await send(log, "t", ...numbers(0, 12).map((i) => `${i % 10}${large.slice(1)}`));
      expect(results).toHaveLength(12);
      const records = await readAll(log, "t");
      expect(records.map((r) => text(r.value)!.slice(0, 2))).toEqual(numbers(0, 12).map((i) => `${i % 10}x`));
      expect(records.every((r) => r.value!.length === large.length)).toBe(true);
    });

    test("does not look at a record's bytes again once the append resolved", async (log) => {
      await log.createTopic("t");
      const value = bytes("before");
      await log.append("t", [{ ...record(null), value }]);
      value.set(bytes("AFTER!"));
      expect(values(await readAll(log, "t"))).toEqual(["before"]);
    });
  });

  describe(`${name} keeps the EventLog promises: reading`, () => {
    test("reads from any offset, as much as was asked for", async (log) => {
      await log.createTopic("t");
      const sent = numbers(0, 30).map((i) => `v${i}`);
      const offsets = (await send(log, "t", ...sent)).map((r) => r.offset);
      for (const i of [0, 1, 17, 29]) {
        const batch = await log.read("t", 0, offsets[i]!, { maxRecords: 5 });
        expect(values(batch.records)).toEqual(sent.slice(i, i + 5));
      }
      expect((await log.read("t", 0, offsets[3]!, { maxBytes: 1 })).records).toHaveLength(1);
      const few = await log.read("t", 0, offsets[0]!, { maxBytes: 10 });
      expect(few.records.length).toBeGreaterThan(0);
      expect(few.records.length).toBeLessThan(30);
    });

    test("answers at the end with nothing, and outside with the range that it holds", async (log) => {
      await log.createTopic("t");
      await send(log, "t", "a", "b");
      const { start, end } = await log.bounds("t", 0);
      expect(await log.read("t", 0, end)).toEqual({ records: [], next: end });
      const error = await log.read("t", 0, end + 1n).catch((e) => e);
      expect(error).toMatchObject({ code: "OFFSET_OUT_OF_RANGE", details: { offset: end + 1n, start, end } });
      await expect(log.read("t", 0, -1n)).rejects.toEqual(code("OFFSET_OUT_OF_RANGE"));
      await expect(log.read("t", 1, 0n)).rejects.toEqual(code("PARTITION_NOT_FOUND"));
      await expect(log.read("nowhere", 0, 0n)).rejects.toEqual(code("TOPIC_NOT_FOUND"));
    });

    test("waits at the end for a first record, until the time is over or the signal aborts", async (log) => {
      await log.createTopic("t");
      const waiting = numbers(0, 20).map(() => log.read("t", 0, 0n, { waitMs: 30_000 }));
      await send(log, "t", "a");
      for (const batch of await Promise.all(waiting)) expect(values(batch.records)).toEqual(["a"]);
      expect((await log.read("t", 0, 1n, { waitMs: 20 })).records).toEqual([]);
      const abort = new AbortController();
      const aborted = log.read("t", 0, 1n, { waitMs: 30_000, signal: abort.signal });
      abort.abort(new Error("enough"));
      await expect(aborted).rejects.toThrow("enough");
    });

    test("wakes who waits for an append to a topic, and nobody for another's", async (log) => {
      await log.createTopic("a");
      await log.createTopic("b");
      const abort = new AbortController();
      const woken: string[] = [];
      const wait = (name: string, topics?: string[]) =>
        log.waitForAppend(abort.signal, topics).then(
          () => void woken.push(name),
          () => void woken.push(`${name} aborted`),
        );
      const all = [wait("a", ["a"]), wait("b", ["b"]), wait("any")];
      await send(log, "a", "1");
      await Promise.all([all[0], all[2]]);
      expect([...woken].sort()).toEqual(["a", "any"]);
      abort.abort();
      await all[1];
      expect(woken).toContain("b aborted");
    });

    test("finds the first offset at or after a time", async (log) => {
      await log.createTopic("t");
      const times = [100, 200, 150, 300];
      const outcomes = [];
      for (const timestampMs of times) outcomes.push(...stored(await log.append("t", [record("v", { timestampMs })])));
      const offsets = outcomes.map((o) => o.offset);
      expect(await log.offsetForTime("t", 0, 0)).toBe(offsets[0]);
      expect(await log.offsetForTime("t", 0, 150)).toBe(offsets[1]);
      expect(await log.offsetForTime("t", 0, 201)).toBe(offsets[3]);
      expect(await log.offsetForTime("t", 0, 301)).toBeUndefined();
    });
  });

  eventLogTopicConformance(name, create);
}
