import { describe, expect, it } from "vitest";
import { manualClock, systemClock } from "../../../src/clock.ts";
import { PinlakeError } from "../../../src/errors.ts";
import type { AppendRecord, EventLog } from "../../../src/log/event-log.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { createSink, SINK_GROUP, type SinkOptions } from "../../../src/sink/sink.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { listObjects } from "../../../src/store/object-listing.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { differences } from "../../support/sunk-objects.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const record = (value: string | null | Uint8Array, key: string | null = null): AppendRecord => ({
  key: key === null ? null : bytes(key),
  value: typeof value === "string" ? bytes(value) : value,
  headers: [],
  timestampMs: 0,
});
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => record(`{"n":${from + i}}`));
const limits = { maxRecords: 10, maxBytes: 1024 * 1024, maxAgeMs: 60_000 };

function setUp(options: Partial<SinkOptions> = {}) {
  const log = createMemoryLog();
  const store = createMemoryStore();
  const sink = createSink({ log, store, limits, ...options });
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of store.list("")) found.push(key);
    return found;
  };
  const body = async (key: string) => Buffer.from(await store.get(key)).toString();
  return { log, store, sink, keys, body, again: () => createSink({ log, store, limits, ...options }) };
}

describe("the sink", () => {
  it("names objects by topic, partition and first offset, with one compact line per record", async () => {
    const { log, sink, keys, body } = setUp();
    await log.createTopic("cats");
    await log.append("cats", numbered(23));
    await sink.flush();
    expect(await keys()).toEqual(
      [0, 10, 20].map((n) => `topics/cats/partition=0/cats+0+00000000${n === 0 ? "00" : n}.json`),
    );
    expect(await body("topics/cats/partition=0/cats+0+0000000020.json")).toBe('{"n":20}\n{"n":21}\n{"n":22}\n');
    expect(await log.committed(SINK_GROUP, "cats", 0)).toBe(23n);
  });

  it("keeps line and offset together: null for a tombstone, a file of its own for what is no JSON", async () => {
    const { log, sink, keys, body } = setUp();
    await log.createTopic("t");
    const values = ['{"a":1}', null, "not json", "", '{ "b":\n [1, 2] }', "null", '"x"'];
    await log.append(
      "t",
      values.map((value) => record(value)),
    );
    await sink.flush();
    const file = (offset: number, format: string) => `topics/t/partition=0/t+0+000000000${offset}.${format}`;
    expect(await keys()).toEqual([file(0, "json"), file(2, "bin"), file(3, "bin"), file(4, "json")]);
    expect(await body(file(0, "json"))).toBe('{"a":1}\nnull\n');
    expect(await body(file(2, "bin"))).toBe("not json");
    expect(await body(file(3, "bin"))).toBe("");
    expect(await body(file(4, "json"))).toBe('{"b":[1,2]}\nnull\n"x"\n');
  });

  it("lands streams with their partition keys, and bytes that are no JSON as base64", async () => {
    const { log, sink, keys, body } = setUp();
    await log.createTopic(streamTopic("s"), { partitions: 2 });
    const blob = Uint8Array.of(0xff, 0x00);
    const rows = [record('{"a":1}', 'k"é'), record(blob, "k"), record(null, "k"), record("1", null)];
    await log.append(
      streamTopic("s"),
      rows.map((row) => ({ ...row, partition: 1 })),
    );
    await sink.flush();
    expect(await keys()).toEqual(["streams/s/shard=1/s+1+0000000000.json"]);
    expect(await body("streams/s/shard=1/s+1+0000000000.json")).toBe(
      `{"partitionKey":"k\\"é","value":{"a":1}}\n{"partitionKey":"k","base64":"/wA="}\n{"partitionKey":"k","value":null}\n{"partitionKey":null,"value":1}\n`,
    );
  });

  it("leaves internal topics alone", async () => {
    const { log, sink, keys } = setUp();
    await log.createTopic("__state");
    await log.append("__state", numbered(3));
    await sink.flush();
    expect(await keys()).toEqual([]);
  });

  it("cuts at the allowed bytes, and gives a larger record an object of its own", async () => {
    const { log, sink, keys } = setUp({ limits: { ...limits, maxBytes: 20 } });
    await log.createTopic("t");
    await log.append(
      "t",
      ['"12345678"', '"1234567"', '"1"', `"${"x".repeat(50)}"`, "1"].map((value) => record(value)),
    );
    await sink.flush();
    expect((await keys()).map((key) => Number(key.slice(-15, -5)))).toEqual([0, 1, 3, 4]);
  });

  it("closes an idle file for its age, counted from its first record", async () => {
    const clock = manualClock();
    const { log, sink, keys } = setUp({ clock, lingerMs: 10 });
    const stop = new AbortController();
    const running = sink.run(stop.signal);
    const settle = () => systemClock.sleep(5);
    await settle();
    await log.createTopic("late");
    await log.append("late", numbered(1));
    for (let i = 0; i < 3; i++) await settle().then(() => clock.advance(10));
    await settle();
    expect(sink.status().partitions).toMatchObject([{ name: "late", open: { records: 1 }, end: 1n, committed: 0n }]);
    await clock.advance(59_000);
    await log.append("late", numbered(1, 1));
    await settle();
    expect(await keys()).toEqual([]);
    await clock.advance(1000);
    for (let i = 0; i < 3; i++) await settle().then(() => clock.advance(10));
    expect(await keys()).toEqual(["topics/late/partition=0/late+0+0000000000.json"]);
    stop.abort();
    await running;
  });

  it("takes deleted topics to their end and goes on behind it when they are made again", async () => {
    const { log, store, sink } = setUp();
    await log.createTopic("t", { partitions: 2 });
    await log.append(
      "t",
      [0, 1].flatMap((partition) => numbered(7).map((row) => ({ ...row, partition }))),
    );
    await log.deleteTopic("t");
    await log.createTopic("t");
    await log.append("t", numbered(5));
    expect(await sink.flush().then(() => differences(log, store))).toEqual([]);
    expect(await log.committed(SINK_GROUP, "t", 0)).toBe(12n);
    expect(await log.committed(SINK_GROUP, "t", 1)).toBe(7n);
  });

  it("ends an object at a gap in the offsets, as a log without dense offsets has them", async () => {
    const dense = createMemoryLog();
    const gone = new Set([0n, 4n, 5n, 9n]);
    const log: EventLog = {
      ...dense,
      async read(...args) {
        const { records, next } = await dense.read(...args);
        return { records: records.filter(({ offset }) => !gone.has(offset)), next };
      },
    };
    const store = createMemoryStore();
    await log.createTopic("t");
    await log.append("t", numbered(10));
    const sink = createSink({ log, store, limits });
    await sink.flush();
    const listed = await listObjects(store, { kind: "topic", name: "t", partition: 0 });
    const bodies = await Promise.all(listed.map(async ({ key }) => Buffer.from(await store.get(key)).toString()));
    expect(listed.map(({ name }) => name.startOffset)).toEqual([1n, 6n]);
    expect(bodies).toEqual(['{"n":1}\n{"n":2}\n{"n":3}\n', '{"n":6}\n{"n":7}\n{"n":8}\n']);
    expect(await log.committed(SINK_GROUP, "t", 0)).toBe(10n);
    await log.commit(SINK_GROUP, "t", 0, null);
    await createSink({ log, store, limits }).flush();
    expect(await listObjects(store, { kind: "topic", name: "t", partition: 0 })).toEqual(listed);
  });

  it("adopts objects that no commit followed, and writes on behind them", async () => {
    const { log, store, sink, again, keys } = setUp();
    await log.createTopic("t");
    await log.append("t", numbered(4));
    await sink.flush();
    await log.append("t", [record("no json"), ...numbered(21, 5)]);
    await sink.flush();
    const before = await keys();
    for (const offset of [null, 0n, 2n, 4n, 5n, 26n]) {
      await log.commit(SINK_GROUP, "t", 0, offset);
      await again().prepare();
      expect(await keys()).toEqual(before);
      expect(await log.committed(SINK_GROUP, "t", 0)).toBe(26n);
    }
    await log.append("t", numbered(2, 26));
    await again().flush();
    expect(await differences(log, store)).toEqual([]);
    expect(await keys()).toEqual([...before, "topics/t/partition=0/t+0+0000000026.json"]);
  });

  it("fills a hole between objects without touching those behind it", async () => {
    const { log, store, sink, again } = setUp();
    await log.createTopic("t");
    await log.append("t", numbered(30));
    await sink.flush();
    await store.delete("topics/t/partition=0/t+0+0000000010.json");
    await log.commit(SINK_GROUP, "t", 0, 10n);
    await again().flush();
    expect(await differences(log, store)).toEqual([]);
  });

  it("refuses objects that say something else than the log, and leaves them as they are", async () => {
    const { log, store, sink, body } = setUp();
    const key = "topics/t/partition=0/t+0+0000000000.json";
    await log.createTopic("t");
    await log.append("t", numbered(3));
    await log.append((await log.createTopic("other")).topic, numbered(3));
    for (const wrong of ['{"n":0}\n{"n":9}\n', '{"n":0}\n{"n":1}', ""]) {
      await store.put(key, bytes(wrong));
      await expect(sink.flush()).rejects.toMatchObject({ code: "OBJECT_CONFLICT", details: { key } });
      expect(await body(key)).toBe(wrong);
    }
    expect(await body("topics/other/partition=0/other+0+0000000000.json")).toContain('{"n":2}');
  });

  it("goes on behind an object that appears under its name while it works", async () => {
    const { log, store, sink, body } = setUp();
    await log.createTopic("t");
    await sink.prepare();
    await log.append("t", numbered(5));
    const key = "topics/t/partition=0/t+0+0000000000.json";
    await store.put(key, bytes('{"n":0}\n{"n":1}\n'));
    await sink.flush();
    expect(await body(key)).toBe('{"n":0}\n{"n":1}\n');
    expect(await differences(log, store)).toEqual([]);
    expect(await log.committed(SINK_GROUP, "t", 0)).toBe(5n);
  });

  it("lands all the others when one partition cannot be, and says which that was", async () => {
    const store = createMemoryStore();
    const refusing: ObjectStore = {
      ...store,
      putIfAbsent: (key, ...rest) => {
        if (key.includes("/bad/")) throw new PinlakeError("OBJECT_KEY_INVALID", { key, reason: "it is refused" });
        return store.putIfAbsent(key, ...rest);
      },
    };
    const { log, sink } = setUp({ store: refusing });
    for (const topic of ["a", "bad", "c", "d", "e", "f"]) {
      await log.createTopic(topic);
      await log.append(topic, numbered(3));
    }
    for (const end of [3n, 4n]) {
      await expect(sink.flush()).rejects.toThrow("topics/bad/partition=0/");
      for (const topic of ["a", "c", "d", "e", "f"]) expect(await log.committed(SINK_GROUP, topic, 0)).toBe(end);
      for (const topic of ["a", "bad", "c", "d", "e", "f"]) await log.append(topic, numbered(1));
    }
    const failing = sink.status().partitions.filter(({ error }) => error !== undefined);
    expect(failing).toMatchObject([{ name: "bad", partition: 0, committed: 0n }]);
  });

  it("refuses a log that ends before what was taken from it", async () => {
    const { log, store, sink, again } = setUp();
    await log.createTopic("t");
    await log.append("t", numbered(12));
    await sink.flush();
    await log.commit(SINK_GROUP, "t", 0, 13n);
    await expect(again().prepare()).rejects.toMatchObject({ code: "LOG_BEHIND", details: { offset: 13n, end: 12n } });

    const emptied = createMemoryLog();
    await emptied.createTopic("t");
    await expect(createSink({ log: emptied, store, limits }).prepare()).rejects.toMatchObject({ code: "LOG_BEHIND" });
    await emptied.append("t", numbered(11));
    await expect(createSink({ log: emptied, store, limits }).run(new AbortController().signal)).rejects.toMatchObject({
      code: "LOG_BEHIND",
      details: { topic: "t", partition: 0, offset: 12n, end: 11n },
    });
  });

  it("keeps records in the log until they lie in objects", async () => {
    const clock = manualClock();
    const log = createMemoryLog({ clock, retentionMs: 1000 });
    const sink = createSink({ log, store: createMemoryStore(), limits });
    await log.createTopic("t");
    await log.append("t", numbered(3));
    await clock.advance(5000);
    await log.removeExpired();
    expect((await log.bounds("t", 0)).start).toBe(0n);
    await sink.flush();
    await log.removeExpired();
    expect((await log.bounds("t", 0)).start).toBe(3n);
  });

  it("writes large files from the log again when memory is short, the same as from memory", async () => {
    const short = setUp({ bufferBytes: 0 });
    await short.log.createTopic("t");
    await short.log.append("t", [...numbered(17), record("no json"), ...numbered(9, 18)]);
    await short.sink.flush();
    expect(await differences(short.log, short.store)).toEqual([]);
    expect(await short.keys()).toHaveLength(4);
  });
});
