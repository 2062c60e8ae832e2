import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type EmbeddedLogOptions, openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { type Files, nodeFiles } from "../../../src/log/embedded/files.ts";
import { numbers, record } from "../../support/event-log.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const SEGMENT_BYTES = 200_000;

const open = (folder: string, options: Partial<EmbeddedLogOptions> = {}) =>
  openEmbeddedLog({ folder, stateFile: ":memory:", segmentBytes: SEGMENT_BYTES, ...options });

/** Files that count the bytes read of them. */
function countingFiles(): { readonly files: Files; readonly bytesRead: () => number } {
  let bytes = 0;
  const read: Files["read"] = async (...call) => {
    const buffer = await nodeFiles.read(...call);
    bytes += buffer.length;
    return buffer;
  };
  return { files: { ...nodeFiles, read }, bytesRead: () => bytes };
}

it("reads its last segment and the indexes at a start, not the segments before, however many there are", async () => {
  await using temp = await tempFolder();
  const SEGMENTS = 40;
  {
    await using log = await open(temp.path);
    await log.createTopic("t", { partitions: 3 });
    for (const call of numbers(0, (SEGMENTS * SEGMENT_BYTES) / 20_000))
      await log.append(
        "t",
        numbers(0, 20).map((i) => record("x".repeat(1000), { partition: (call + i) % 3 })),
      );
  }
  const bytesOf = (ending: string) =>
    readdirSync(temp.path)
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => statSync(join(temp.path, name)).size);
  const segments = bytesOf(".segment");
  expect(segments.length).toBeGreaterThanOrEqual(SEGMENTS - 2);
  const heads = 40 * segments.length;
  const indexes = bytesOf(".index").reduce((a, b) => a + b, heads);
  const counting = countingFiles();
  {
    await using log = await open(temp.path, { files: counting.files });
    expect(counting.bytesRead()).toBeLessThanOrEqual(segments.at(-1)! + indexes);
    expect(indexes).toBeLessThan(0.05 * segments.reduce((a, b) => a + b, 0));

    // From any offset, a read reaches about as far as what it gives.
    const before = counting.bytesRead();
    for (let next = 1000n; next < 1010n; ) {
      const batch = await log.read("t", 1, next, { maxRecords: Number(1010n - next) });
      expect(batch.records.map(({ offset }) => offset)).toEqual(batch.records.map((_, i) => next + BigInt(i)));
      expect(batch.next).toBeGreaterThan(next); // a read ends where its segment does
      next = batch.next;
    }
    expect(counting.bytesRead() - before).toBeLessThan(2 * SEGMENT_BYTES);
  }

  rmSync(join(temp.path, "000000000007.index"));
  const again = countingFiles();
  await using _ = await open(temp.path, { files: again.files });
  expect(again.bytesRead()).toBeLessThanOrEqual(segments.at(-1)! + indexes + segments[7]!);
});
