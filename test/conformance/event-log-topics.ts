import { describe, expect } from "vitest";
import {
  bytes,
  code,
  type EventLogSubject,
  numbers,
  promises,
  readAll,
  record,
  send,
  values,
} from "../support/event-log.ts";

/** The part of the suite about topics, groups, retention and durability. */
export function eventLogTopicConformance(name: string, create: () => Promise<EventLogSubject>): void {
  const test = promises(create);

  describe(`${name} keeps the EventLog promises: topics`, () => {
    test("creates topics as described, lists them in byte order, refuses a name twice or an invalid one", async (log) => {
      const made = await log.createTopic("b", { partitions: 2, config: { "retention.ms": "1000", anything: "x" } });
      expect(made).toMatchObject({ topic: "b", config: { "retention.ms": "1000", anything: "x" } });
      expect(made.partitions.map((p) => [p.partition, p.closed, p.parents])).toEqual([
        [0, false, []],
        [1, false, []],
      ]);
      for (const topic of ["a", "B", "b.c", "__stream.s"]) await log.createTopic(topic);
      expect((await log.listTopics()).map((t) => t.topic)).toEqual(["B", "__stream.s", "a", "b", "b.c"]);
      expect(await log.describeTopic("b")).toEqual(made);
      await expect(log.createTopic("b")).rejects.toEqual(code("TOPIC_EXISTS"));
      for (const topic of ["", ".", "..", "__stream..", "__stream...", "a/b", "ä", "x".repeat(250)])
        await expect(log.createTopic(topic)).rejects.toEqual(code("TOPIC_NAME_INVALID"));
      await expect(log.describeTopic("nowhere")).rejects.toEqual(code("TOPIC_NOT_FOUND"));
      await expect(log.deleteTopic("nowhere")).rejects.toEqual(code("TOPIC_NOT_FOUND"));
    });

    test("lets exactly one of many racing creations of a name win", async (log) => {
      const made = await Promise.allSettled(numbers(0, 20).map(() => log.createTopic("t")));
      expect(made.filter((m) => m.status === "fulfilled")).toHaveLength(1);
    });

    test("hides a deleted topic at once and keeps its records for the stages", async (log) => {
      log.holdFor("stage", () => true);
      await log.createTopic("t");
      await send(log, "t", "a", "b");
      await log.deleteTopic("t");
      await expect(log.append("t", [record("c")])).rejects.toEqual(code("TOPIC_NOT_FOUND"));
      await expect(log.read("t", 0, 0n)).rejects.toEqual(code("TOPIC_NOT_FOUND"));
      await expect(log.bounds("t", 0)).rejects.toEqual(code("TOPIC_NOT_FOUND"));
      expect(await log.listTopics()).toEqual([]);
      expect(await log.stagePartitions()).toMatchObject([
        { topic: "t", partition: 0, deleted: true, start: 0n, end: 2n },
      ]);
      expect(values(await readAll(log, "t", 0, true))).toEqual(["a", "b"]);
    });

    test("never gives an offset twice under a name, also after delete and re-create", async (log) => {
      log.holdFor("stage", () => true);
      const first = await log.createTopic("t", { partitions: 2 });
      await log.append("t", [record("a", { partition: 0 }), record("b", { partition: 1 })]);
      await log.deleteTopic("t");
      const second = await log.createTopic("t");
      expect(second.incarnation).toBeGreaterThan(first.incarnation);
      expect(second.partitions).toHaveLength(1);
      expect(second.createdAtMs).toBeGreaterThan(first.partitions.at(-1)!.createdAtMs);
      if (!log.supports.offsetsOutliveTopic) return;
      expect(await log.bounds("t", 0)).toEqual({ start: 1n, end: 1n });
      expect((await send(log, "t", "c"))[0]!.offset).toBe(1n);
      await expect(log.read("t", 0, 0n)).rejects.toEqual(code("OFFSET_OUT_OF_RANGE"));
      expect(values(await readAll(log, "t"))).toEqual(["c"]);
      expect(values(await readAll(log, "t", 0, true))).toEqual(["a", "c"]);
      expect(values(await readAll(log, "t", 1, true))).toEqual(["b"]);
      expect((await log.stagePartitions()).map((p) => [p.partition, p.deleted, p.start, p.end])).toEqual([
        [0, false, 0n, 2n],
        [1, true, 0n, 1n],
      ]);
    });

    test("adds a partition and closes its parents in one step; a closed one is readable", async (log) => {
      const half = 2n ** 127n;
      await log.createTopic("t", { hashRanges: [{ start: 0n, end: 2n * half - 1n }] });
      await send(log, "t", "a");
      const left = await log.addPartition("t", { parents: [0], hashRange: { start: 0n, end: half - 1n } });
      const right = await log.addPartition("t", { hashRange: { start: half, end: 2n * half - 1n } });
      expect(left).toMatchObject({
        partition: 1,
        closed: false,
        parents: [0],
        hashRange: { start: 0n, end: half - 1n },
      });
      const { partitions } = await log.describeTopic("t");
      expect(partitions.map((p) => p.closed)).toEqual([true, false, false]);
      const made = partitions.map((p) => p.createdAtMs);
      expect(made[1]).toBeGreaterThan(made[0]!);
      expect(right.createdAtMs).toBeGreaterThan(left.createdAtMs);
      await expect(send(log, "t", "b")).rejects.toEqual(code("PARTITION_CLOSED"));
      expect(values(await readAll(log, "t"))).toEqual(["a"]);
      await log.append("t", [record("b", { partition: 2 })]);
      await log.closePartition("t", 2);
      await log.closePartition("t", 2);
      expect(values(await readAll(log, "t", 2))).toEqual(["b"]);
      await expect(log.addPartition("t", { parents: [0] })).rejects.toEqual(code("PARTITION_CLOSED"));
      await expect(log.closePartition("t", 9)).rejects.toEqual(code("PARTITION_NOT_FOUND"));
    });
  });

  describe(`${name} keeps the EventLog promises: groups and retention`, () => {
    test("keeps a group's offsets per partition; they may go back and be forgotten", async (log) => {
      await log.createTopic("t", { partitions: 2 });
      expect(await log.committed("g", "t", 0)).toBeUndefined();
      await log.commit("g", "t", 0, 5n);
      await log.commit("g", "t", 1, 7n);
      await log.commit("h", "t", 0, 9n);
      await log.commit("g", "t", 0, 2n ** 60n);
      expect(await log.committed("g", "t", 0)).toBe(2n ** 60n);
      await log.commit("g", "t", 0, 3n);
      expect(await log.committed("g", "t", 0)).toBe(3n);
      expect(await log.committed("g", "t", 1)).toBe(7n);
      expect(await log.committed("h", "t", 0)).toBe(9n);
      await log.commit("g", "t", 0, null);
      expect(await log.committed("g", "t", 0)).toBeUndefined();
    });

    test("removes a deleted topic's records when the last group that takes it has passed them", async (log, subject) => {
      if (subject.removeExpired === undefined) return;
      log.holdFor("sink", () => true);
      log.holdFor("stream", (topic) => topic === "t");
      log.holdFor("elsewhere", (topic) => topic !== "t");
      await log.createTopic("t");
      await send(log, "t", "a", "b");
      await log.deleteTopic("t");
      await log.createTopic("t");
      await send(log, "t", "c");
      await log.commit("sink", "t", 0, 3n);
      await log.commit("stream", "t", 0, 1n);
      await subject.removeExpired(log);
      expect(values(await readAll(log, "t", 0, true))).toEqual(["a", "b", "c"]);
      await log.commit("stream", "t", 0, 2n);
      await subject.removeExpired(log);
      expect(await log.stagePartitions()).toMatchObject([{ start: 2n, end: 3n }]);
      await expect(log.read("t", 0, 0n, { includeDeleted: true })).rejects.toEqual(code("OFFSET_OUT_OF_RANGE"));
      expect(values(await readAll(log, "t"))).toEqual(["c"]);
    });

    test("refuses everything after close, and wakes who waits", async (log) => {
      await log.createTopic("t");
      const waiting = log.read("t", 0, 0n, { waitMs: 30_000 }).catch((error) => error);
      const watching = log.waitForAppend(new AbortController().signal).catch((error) => error);
      await log.close();
      expect(await watching).toEqual(code("CLOSED"));
      expect(await waiting).toEqual(code("CLOSED"));
      await expect(log.append("t", [record("a")])).rejects.toEqual(code("CLOSED"));
      await expect(log.read("t", 0, 0n)).rejects.toEqual(code("CLOSED"));
      await log.close();
    });
  });

  describe(`${name} keeps the EventLog promises: durability`, () => {
    test("has everything again after close and open", async (log, subject) => {
      if (subject.reopen === undefined) return;
      log.holdFor("stage", () => true);
      await log.createTopic("t", { partitions: 2, hashRanges: ranges(), config: { a: "b" } });
      await log.append("t", [record("a", { partition: 0 }), record("b", { partition: 1, key: bytes("k") })]);
      await log.deleteTopic("t");
      const again = await log.createTopic("t", { partitions: 2 });
      await send(log, "t", "c");
      await log.closePartition("t", 1);
      await log.createTopic("gone");
      await log.deleteTopic("gone");
      await log.commit("g", "t", 0, 1n);
      const before = { topics: await log.listTopics(), partitions: await log.stagePartitions() };
      const opened = await subject.reopen();
      opened.holdFor("stage", () => true);
      expect({ topics: await opened.listTopics(), partitions: await opened.stagePartitions() }).toEqual(before);
      expect(await opened.committed("g", "t", 0)).toBe(1n);
      expect(values(await readAll(opened, "t", 0, true))).toEqual(["a", "c"]);
      expect(values(await readAll(opened, "t", 1, true))).toEqual(["b"]);
      expect((await send(opened, "t", "d"))[0]!.offset).toBe(2n);
      await opened.deleteTopic("t");
      expect((await opened.createTopic("t")).incarnation).toBe(again.incarnation + 1);
    });
  });
}

const ranges = () => [
  { start: 0n, end: 2n ** 127n - 1n },
  { start: 2n ** 127n, end: 2n ** 128n - 1n },
];
