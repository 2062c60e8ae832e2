import type { ChildProcess } from "node:child_process";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandOptions, pinlake, pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

describe("a folder on which a demo ran", () => {
  let made: TempFolder;
  beforeAll(async () => {
    made = await tempFolder();
    await pinlakeJson(["source", "create", "--rows", "30", "--data", made.path]);
    await pinlakeJson(["demo", "--all", "--exit", "--data", made.path]);
  });
  afterAll(() => made[Symbol.asyncDispose]());

  const copyOf = async (folder: TempFolder) => {
    const copy = join(folder.path, "data");
    await cp(made.path, copy, { recursive: true });
    return copy;
  };

  it.each(["up", "run daily", "topics create pinterest.pin"])(
    "is refused by `%s` with 65 when its log was deleted, saying what to do, and stays as it is",
    async (verb) => {
      await using folder = await tempFolder();
      const data = await copyOf(folder);
      await rm(join(data, "log"), { recursive: true });
      for (const attempt of [1, 2]) {
        const { code, err } = await pinlake([...verb.split(" "), "--data", data, "--json"]);
        expect(code, `attempt ${attempt}`).toBe(65);
        const { error } = JSON.parse(err) as { error: { code: string; message: string } };
        expect(error.code).toBe("LOG_BEHIND");
        expect(error.message).toMatch(/--data/);
      }
    },
  );

  it("takes a changed definition only with a rebuild, on both arms, and names the command", async () => {
    await using folder = await tempFolder();
    const data = await copyOf(folder);
    const project = join(folder.path, "project");
    await cp(join(import.meta.dirname, "../../pinterest"), project, { recursive: true });
    const sql = join(project, "datasets/user.sql");
    await writeFile(sql, `${(await readFile(sql, "utf8")).trimEnd()}\n-- changed\n`);
    // The generator's own imports are found from where it lies; the source is there already.
    await writeFile(join(project, "pinlake.config.ts"), "export default {};\n");
    const at = ["--project", project, "--data", data];

    const run = await pinlake(["run", "daily", ...at, "--json"]);
    expect(run.code).toBe(69);
    expect(run.err).toContain("pinlake run user --full");
    const up = await pinlake(["up", ...at]);
    expect(up.code).toBe(69);
    expect(up.err).toContain("pinlake stream rebuild user");

    await pinlakeJson(["run", "user", "--full", ...at]);
    const { rebuilt } = await pinlakeJson<{ rebuilt: object[] }>(["stream", "rebuild", "user", ...at]);
    expect(rebuilt).toMatchObject([{ dataset: "user", rows: 30 }]);
    const again = await pinlakeJson<{ ok: boolean }>(["run", "daily", ...at]);
    expect(again.ok).toBe(true);
  });

  it("shows a flipped bit of its log to doctor, with file and position", async () => {
    await using folder = await tempFolder();
    const data = await copyOf(folder);
    expect((await pinlake(["doctor", "--data", data])).code).toBe(0);
    const [segment = ""] = (await Array.fromAsync(segments(data))).sort();
    const bytes = await readFile(segment);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(segment, bytes);
    const { code, err } = await pinlake(["doctor", "--data", data, "--json"]);
    expect(code).toBe(65);
    expect(err).toContain("LOG_CORRUPT");
    expect(err).toContain(segment);

    // It is the last segment, and whole frames follow: no torn end, so nothing is cut and nothing starts.
    const up = await pinlake(["up", "--data", data, "--json"]);
    expect(up.code).toBe(65);
    const { error } = JSON.parse(up.err) as { error: { code: string; message: string } };
    expect(error.code).toBe("LOG_CORRUPT");
    expect(error.message).toMatch(new RegExp(`${segment}.*\\d+`));
    expect(await readFile(segment)).toEqual(bytes);
  });

  it("starts on a log whose last frame is torn, without that frame's records and with all others", async () => {
    await using folder = await tempFolder();
    const data = await copyOf(folder);
    const topic = async (name: string) =>
      (await pinlakeJson<{ name: string; records: number }[]>(["topics", "ls", "--data", data])).find(
        (one) => one.name === name,
      )?.records;
    const up = startPinlake(["up", "--data", data]);
    const [, url] = await up.printed(/gateway listening on (\S+)\n/);
    for (const value of ["first", "second"]) {
      const body = JSON.stringify({ records: [{ value }] });
      const headers = { "content-type": "application/vnd.kafka.json.v2+json" };
      expect((await fetch(`${url}/topics/odd`, { method: "POST", headers, body })).status).toBe(200);
    }
    up.child.kill("SIGKILL");
    await up.done;
    expect(await topic("odd")).toBe(2);

    const segment = (await Array.fromAsync(segments(data))).sort().at(-1) ?? "";
    const bytes = await readFile(segment);
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    await writeFile(segment, bytes.subarray(0, end - 3));
    expect(await topic("odd")).toBe(1);
    const again = startPinlake(["up", "--data", data]);
    await again.printed(/gateway listening on /);
    again.child.kill("SIGTERM");
    expect((await again.done).code).toBe(0);
    expect(await topic("odd")).toBe(1);
    expect(await topic("pinterest.pin")).toBe(30);
    expect((await pinlake(["doctor", "--data", data])).code).toBe(0);
  });

  it("shows doctor a table that lacks one of its files", async () => {
    await using folder = await tempFolder();
    const data = await copyOf(folder);
    const table = join(data, "tables/stream/geo");
    const file = (await readdir(table)).find((name) => name.endsWith(".parquet")) ?? "";
    await rm(join(table, file));
    const { code, err } = await pinlake(["doctor", "--data", data, "--json"]);
    expect(code).toBe(65);
    expect(err).toContain("TABLE_CORRUPT");
    expect(err).toContain("stream.geo");
  });

  it("repairs nothing beside a running up", async () => {
    await using folder = await tempFolder();
    const data = await copyOf(folder);
    const up = startPinlake(["up", "--data", data]);
    await up.printed(/gateway listening on /);
    const { code, err } = await pinlake(["doctor", "--repair", "--data", data, "--json"]);
    expect(code).toBe(69);
    expect(err).toContain("FOLDER_LOCKED");
    up.child.kill("SIGTERM");
    expect((await up.done).code).toBe(0);
  });

  it("cannot get a deleted log back: doctor says so with 65, also when it is to repair", async () => {
    await using folder = await tempFolder();
    const data = await copyOf(folder);
    await rm(join(data, "log"), { recursive: true });
    const all = [["doctor"], ["doctor", "--repair"]];
    for (const [i, verb] of [...all, ...all].entries()) {
      // The tables alone tell it, too.
      if (i === 2) await rm(join(data, "objects"), { recursive: true });
      const { code, err } = await pinlake([...verb, "--data", data, "--json"]);
      expect(code, verb.join(" ")).toBe(65);
      expect(err).toContain("LOG_BEHIND");
    }
  });

  it("gives up by name what a damaged segment held, keeps it aside, and both arms go on and count it", async () => {
    await using folder = await tempFolder();
    const data = join(folder.path, "data");
    // Nothing is taken from the log before the process dies.
    const at = { environment: { PINLAKE__LOG__SEGMENT_BYTES: "4000", PINLAKE__STREAM__TRIGGER_MS: "60000" } };
    for (const path of ["topics/pinterest.pin", "streams/streaming-pinterest-pin/record"])
      (await postTo(path, data, 30, at)).kill("SIGKILL");
    const all = (await Array.fromAsync(segments(data))).sort();
    expect(all.length).toBeGreaterThan(4);
    const damaged = new Map<string, Buffer>();
    for (const segment of [all[1], all[all.length - 3]] as string[]) {
      const bytes = await readFile(segment);
      bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
      await writeFile(segment, bytes);
      damaged.set(segment, bytes);
    }
    const sick = await pinlake(["doctor", "--data", data, "--json"]);
    expect(sick.code).toBe(65);
    expect(sick.err).toContain("doctor --repair");

    const found = await pinlakeJson<RepairFinding[]>(["doctor", "--repair", "--data", data], at);
    const repairs = found.flatMap(({ repaired }) => repaired ?? []);
    expect(repairs.map(({ file }) => file)).toEqual([...damaged.keys()]);
    for (const { file, setAside } of repairs) expect(await readFile(setAside ?? "")).toEqual(damaged.get(file));
    const lost = { "pinterest.pin": 0, "__stream.streaming-pinterest-pin": 0 };
    for (const one of repairs.flatMap((repair) => repair.lost)) lost[one.name] += Number(one.to) - Number(one.from);
    expect(lost["pinterest.pin"]).toBeGreaterThan(0);
    expect(lost["__stream.streaming-pinterest-pin"]).toBeGreaterThan(0);

    const up = startPinlake(["up", "--data", data], at);
    await up.printed(/gateway listening on /);
    up.child.kill("SIGTERM"); // drains
    expect((await up.done).code).toBe(0);
    await pinlakeJson(["run", "daily", "--data", data], at);
    for (const [arm, name] of [
      ["batch", "pinterest.pin"],
      ["stream", "__stream.streaming-pinterest-pin"],
    ] as const) {
      const count = async (sql: string) =>
        (await pinlakeJson<{ n: number }[]>(["sql", `SELECT count(*) AS n FROM ${sql}`, "--data", data], at))[0]?.n;
      expect(await count(`${arm}.pin`)).toBe(30 - lost[name]);
      expect(await count(`quarantine WHERE arm = '${arm}' AND reason = 'not_an_object'`)).toBe(lost[name]);
    }
  });
});

interface RepairFinding {
  readonly repaired?: {
    readonly file: string;
    readonly setAside?: string;
    readonly lost: readonly {
      readonly name: "pinterest.pin" | "__stream.streaming-pinterest-pin";
      readonly from: string;
      readonly to: string;
    }[];
  };
}

/** Starts an `up`, posts so many rows, one at a time, and gives the process. */
async function postTo(path: string, data: string, rows: number, options: CommandOptions): Promise<ChildProcess> {
  const up = startPinlake(["up", "--data", data], options);
  const [, url] = await up.printed(/gateway listening on (\S+)\n/);
  const toTopic = path.startsWith("topics");
  const headers = { "content-type": toTopic ? "application/vnd.kafka.json.v2+json" : "application/json" };
  for (let index = 0; index < rows; index++) {
    const value = { index, unique_id: `id-${index}`, title: "x".repeat(300) };
    const body = JSON.stringify(toTopic ? { records: [{ value }] } : { Data: value, PartitionKey: "k" });
    const { status } = await fetch(`${url}/${path}`, { method: toTopic ? "POST" : "PUT", headers, body });
    expect(status).toBe(200);
  }
  return up.child;
}

async function* segments(data: string): AsyncGenerator<string> {
  const { glob } = await import("node:fs/promises");
  for await (const name of glob("log/**/*", { cwd: data }))
    if (/\.(seg|segment|log)$/.test(name)) yield join(data, name);
}
