import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinlake, pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

interface Optimized {
  readonly version: number;
  readonly filesBefore: number;
  readonly filesAfter: number;
}
interface Vacuumed {
  readonly dryRun: boolean;
  readonly files: readonly string[];
}
interface Commit {
  readonly version: number;
  readonly operation: string;
  readonly metrics: Readonly<Record<string, string>>;
}

const value = (n: number) => ({ index: n % 5, unique_id: `post ${n}`, title: "x" });

describe("tables that many small commits made", () => {
  let folder: TempFolder;
  let at: readonly string[];
  beforeAll(async () => {
    folder = await tempFolder();
    at = ["--data", folder.path];
    const up = startPinlake(["up", ...at], { environment: { PINLAKE__STREAM__TRIGGER_MS: "10" } });
    await posts(await gatewayOf(up), [0, 1, 2, 3, 4, 5, 6]);
    up.child.kill("SIGTERM");
    expect((await up.done).code).toBe(0);
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  const rows = () => pinlakeJson(["sql", "SELECT ind, unique_id FROM stream.pin ORDER BY ind", ...at]);
  const newest = async (table: string) => (await pinlakeJson<Commit[]>(["tables", "history", table, ...at]))[0];
  const totals = async () => {
    const commit = await newest("stream.pin");
    return [commit?.metrics.superseded, commit?.metrics.tombstones];
  };

  it("are joined by optimize, which carries the running totals on", async () => {
    const [before, counted] = [await rows(), await totals()];
    expect(counted[0]).toBe("2");
    const done = await pinlakeJson<Optimized>(["tables", "optimize", "stream.pin", ...at]);
    expect(done.filesBefore).toBeGreaterThan(1);
    expect(done.filesAfter).toBe(1);
    expect(await newest("stream.pin")).toMatchObject({ operation: "OPTIMIZE", version: done.version });
    expect(await totals()).toEqual(counted);
    expect(await rows()).toEqual(before);
    const again = await pinlake(["tables", "optimize", "stream.pin", ...at]);
    expect(again).toMatchObject({ code: 0, out: "stream.pin: nothing to join, 1 file\n" });
  });

  it("are joined and vacuumed by a running up while it takes posts, and count on", async () => {
    const up = startPinlake(["up", ...at], { environment: { PINLAKE__STREAM__TRIGGER_MS: "10" } });
    const url = await gatewayOf(up);
    const posting = posts(url, [7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    await pinlakeJson(["tables", "optimize", "stream.pin", ...at]);
    await pinlakeJson(["tables", "vacuum", "stream.pin", "--delete", ...at]);
    await pinlakeJson(["tables", "checkpoint", "stream.pin", ...at]);
    await posting;
    await pinlakeJson(["tables", "optimize", "stream.pin", ...at]);
    up.child.kill("SIGTERM");
    expect(await up.done).toMatchObject({ code: 0, err: "" });
    expect(await totals()).toEqual(["12", "0"]);
    expect(await rows()).toEqual([15, 16, 12, 13, 14].map((n) => ({ ind: n % 5, unique_id: `post ${n}` })));
  });

  it("lose no file that their retention promises; a shorter one wants --force, and only --delete deletes", async () => {
    const vacuum = (...more: string[]) => pinlakeJson<Vacuumed>(["tables", "vacuum", "stream.pin", ...more, ...at]);
    expect(await vacuum("--delete")).toEqual({ table: "stream.pin", dryRun: false, mode: "full", files: [] });
    const refused = await pinlake(["tables", "vacuum", "stream.pin", "--retain-hours", "0", ...at]);
    expect(refused.code).toBe(64);
    expect(refused.err).toContain("--force");

    const short = ["--retain-hours", "0", "--force"];
    const listed = await vacuum(...short);
    expect(listed.dryRun).toBe(true);
    expect(listed.files.length).toBeGreaterThan(1);
    const there = () => listed.files.filter((file) => existsSync(join(folder.path, "tables/stream/pin", file)));
    expect(there()).toEqual(listed.files);
    const before = await rows();
    expect((await vacuum("--delete", ...short)).files).toEqual(listed.files);
    expect(there()).toEqual([]);
    expect(await rows()).toEqual(before);
  });
});

async function gatewayOf(up: ReturnType<typeof startPinlake>): Promise<string> {
  const [, url = ""] = await up.printed(/gateway listening on (\S+)\n/);
  await up.printed(/console listening on /);
  return url;
}

/** One after another, with time for a commit between them. */
async function posts(url: string, numbers: readonly number[]): Promise<void> {
  for (const n of numbers) {
    const reply = await fetch(`${url}/streams/streaming-pinterest-pin/record`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ Data: value(n), PartitionKey: "k" }),
    });
    expect(reply.status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
