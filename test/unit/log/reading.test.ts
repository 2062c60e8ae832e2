import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import type { AppendRecord } from "../../../src/log/event-log.ts";
import { record } from "../../support/event-log.ts";
import { printedSeed, seededRandom } from "../../support/seeded-random.ts";
import { tempFolder } from "../../support/temp-folder.ts";

it("reads the same from the disk as was appended, from any offset and by time, many readers at once", async () => {
  await using temp = await tempFolder();
  const random = seededRandom(printedSeed("log reading"));
  const upTo = (max: number) => Math.floor(random() * max);
  const PARTITIONS = 3;
  const appended: AppendRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  const options = { folder: temp.path, stateFile: ":memory:", segmentBytes: 400_000 };
  {
    await using log = await openEmbeddedLog(options);
    await log.createTopic("t", { partitions: PARTITIONS });
    for (let call = 0; call < 300; call++) {
      const records = Array.from({ length: 1 + upTo(12) }, (_, i) => {
        const partition = upTo(10) === 0 ? 2 : upTo(2); // the last one is thin
        const size = upTo(50) === 0 ? 100_000 : upTo(400);
        return record(`${call}.${i}:${"x".repeat(size)}`, { partition, timestampMs: call + upTo(30) });
      });
      await log.append("t", records);
      for (const sent of records) appended[sent.partition!]!.push(sent);
    }
  }
  await using log = await openEmbeddedLog(options);
  const readSome = async () => {
    const partition = upTo(PARTITIONS);
    const sent = appended[partition]!;
    const from = upTo(sent.length);
    const maxRecords = 1 + upTo(200);
    const { records, next } = await log.read("t", partition, BigInt(from), { maxRecords, maxBytes: upTo(300_000) });
    expect(records.length).toBeGreaterThan(0);
    expect(records.length).toBeLessThanOrEqual(maxRecords);
    expect(next).toBe(BigInt(from + records.length));
    for (const [i, read] of records.entries()) {
      expect(read.offset).toBe(BigInt(from + i));
      expect(Buffer.compare(read.value!, sent[from + i]!.value!)).toBe(0);
    }
    const time = upTo(340);
    const first = sent.findIndex((r) => r.timestampMs >= time);
    expect(await log.offsetForTime("t", partition, time)).toBe(first < 0 ? undefined : BigInt(first));
  };
  for (let round = 0; round < 30; round++) await Promise.all(Array.from({ length: 8 }, readSome));
});

it("opens to read only beside a state file that holds no group offsets", async () => {
  await using temp = await tempFolder();
  const stateFile = join(temp.path, "state.db");
  new DatabaseSync(stateFile).close();
  const folder = join(temp.path, "log");
  await (await openEmbeddedLog({ folder, stateFile: ":memory:" })).close();
  await using log = await openEmbeddedLog({ folder, stateFile, readOnly: true });
  expect(await log.committed("g", "t", 0)).toBeUndefined();
});
