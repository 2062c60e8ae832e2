import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { type Files, nodeFiles } from "../../../src/log/embedded/files.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { readAll, text } from "../../support/event-log.ts";
import { gatewayWorld } from "../../support/gateway.ts";
import { smallDisk } from "../../support/small-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";

interface Disk extends AsyncDisposable {
  readonly path: string;
  readonly files: Files;
}

/** Room for the first of two frames. */
async function realDisk(): Promise<Disk | undefined> {
  const disk = smallDisk(12 * 1024);
  return disk && { path: disk.path, files: nodeFiles, [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose]() };
}

async function injected(): Promise<Disk> {
  const temp = await tempFolder();
  let large = 0;
  const write: Files["write"] = (fd, bytes, position) => {
    if (bytes.length > 1_000_000 && ++large >= 2)
      throw Object.assign(new Error("ENOSPC: injected"), { code: "ENOSPC" });
    return nodeFiles.write(fd, bytes, position);
  };
  return { path: temp.path, files: { ...nodeFiles, write }, [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose]() };
}

const made = Array.from({ length: 17 }, (_, i) => `"${i}:${"x".repeat(930_000)}"`);

describe.each([
  { disk: "a small file system that fills up", mount: realDisk },
  { disk: "files that refuse the second frame", mount: injected },
])("a request that the disk has room for in part, on $disk", ({ mount }) => {
  it("gets an offset for each stored record from Kafka REST and an error for each other; then 503 until there is room", async () => {
    await using disk = await mount();
    if (disk === undefined) return;
    const folder = join(disk.path, "log");
    const answered = new Map<string, number>();
    {
      const log = await openEmbeddedLog({ folder, files: disk.files, stateFile: ":memory:" });
      await log.createTopic("t");
      await using world = await gatewayWorld({ log });
      const records = made.map((value) => `{"value":${value}}`);
      const { status, body } = await world.call("POST", "/topics/t", `{"records":[${records}]}`);
      expect([status, body.offsets.length]).toEqual([200, made.length]);
      for (const [i, outcome] of body.offsets.entries())
        if (outcome.error_code === null) answered.set(made[i]!, outcome.offset);
        else expect(outcome).toMatchObject({ partition: null, offset: null, error_code: 50003 });
      expect(answered.size).toBeGreaterThan(0);
      expect(answered.size).toBeLessThan(made.length);
      const again = await world.call("POST", "/topics/t", `{"records":[${records.slice(0, 8)}]}`);
      expect([again.status, again.body.error_code, again.headers.get("retry-after")]).toEqual([503, 50302, "1"]);
    }
    await using log = await openEmbeddedLog({ folder });
    const stored = (await readAll(log, "t")).map(({ value, offset }) => [text(value), Number(offset)]);
    expect(stored.map(([value]) => String(value).slice(0, 5))).toEqual([...answered.keys()].map((v) => v.slice(0, 5)));
    expect(new Map(stored as [string, number][])).toEqual(answered);
  });

  it("gets a sequence number for each stored record from Kinesis and an error for each other", async () => {
    await using disk = await mount();
    if (disk === undefined) return;
    const log = await openEmbeddedLog({ folder: join(disk.path, "log"), files: disk.files, stateFile: ":memory:" });
    await log.createTopic(streamTopic("s"), { hashRanges: [{ start: 0n, end: 2n ** 128n - 1n }] });
    await using world = await gatewayWorld({ log });
    const records = made.map((data) => `{"data":${data},"partition-key":"k"}`);
    const { status, body } = await world.call("PUT", "/streams/s/records", `{"records":[${records}]}`);
    expect([status, body.Records.length]).toEqual([200, made.length]);
    const stored: string[] = [];
    for (const [i, outcome] of body.Records.entries())
      if (outcome.ErrorCode === undefined) stored.push(JSON.parse(made[i]!));
      else
        expect(outcome).toEqual({
          ErrorCode: "InternalFailure",
          ErrorMessage: expect.stringMatching(/^No space is left .* was not stored/),
        });
    expect(body.FailedRecordCount).toBe(made.length - stored.length);
    expect([stored.length > 0, stored.length < made.length]).toEqual([true, true]);
    const kept = (await readAll(log, streamTopic("s"))).map(({ value }) => text(value));
    expect(kept.length).toBe(stored.length);
    expect(kept.every((value, i) => value === stored[i])).toBe(true);
  });
});
