import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDeltaTable, structType } from "../../src/app/delta.ts";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

describe("the verbs on any Delta table, by its path", { timeout: 120_000 }, () => {
  let folder: TempFolder;
  let path: string;
  beforeAll(async () => {
    folder = await tempFolder();
    path = join(folder.path, "shop/my orders");
    await using table = await openDeltaTable(path);
    await table.create({ schema: structType([{ name: "id", type: "long" }]) });
    await using session = await table.session();
    for (const id of [1, 2, 3]) await table.append({ session, sql: `SELECT ${id} AS id` });
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  const run = (...args: string[]) => pinlake(["tables", ...args], { cwd: folder.path });
  const json = <T>(...args: string[]) => pinlakeJson<T>(["tables", ...args], { cwd: folder.path });
  const rows = async (...more: string[]) =>
    (await json<{ id: number }[]>("read", "shop/my orders", ...more)).map(({ id }) => id).sort();
  const dataFiles = async () => (await readdir(path)).filter((name) => name.endsWith(".parquet"));

  it("list, show and read it, and make nothing beside it", async () => {
    expect(await json("ls", ".")).toMatchObject([{ name: "shop/my orders", version: 3, rows: 3, files: 3 }]);
    expect(await json("show", path)).toMatchObject({ location: path, version: 3 });
    expect(await rows()).toEqual([1, 2, 3]);
    expect(await rows("--version", "1")).toEqual([1]);
    expect(await json<object[]>("history", "./shop/my orders")).toHaveLength(4);
    expect(await readdir(folder.path)).toEqual(["shop"]);
    expect(await readdir(join(folder.path, "shop"))).toEqual(["my orders"]);
  });

  it("join its files, sum up its log, and delete only what --delete names", async () => {
    expect(await json("optimize", path, "--sort-by", "id")).toMatchObject({
      version: 4,
      filesBefore: 3,
      filesAfter: 1,
    });
    expect(await json("checkpoint", path)).toEqual({ table: path, version: 4 });
    expect(existsSync(join(path, "_delta_log/00000000000000000004.checkpoint.parquet"))).toBe(true);
    expect(await dataFiles()).toHaveLength(4);
    const refused = await run("vacuum", path, "--retain-hours", "0");
    expect([refused.code, refused.out]).toEqual([64, ""]);
    const listed = await run("vacuum", path, "--lite", "--retain-hours", "0", "--force");
    expect(listed.out).toContain("3 files would be deleted; nothing was: that takes --delete\n");
    expect(await dataFiles()).toHaveLength(4);
  });

  it("restore it to a version, and name what is gone for one that cannot be", async () => {
    expect(await json("restore", path, "--version", "2")).toMatchObject({
      version: 5,
      filesRestored: 2,
      filesRemoved: 1,
    });
    expect(await rows()).toEqual([1, 2]);
    expect(await json("vacuum", path, "--delete", "--retain-hours", "0", "--force")).toMatchObject({ dryRun: false });
    expect(await dataFiles()).toHaveLength(2);
    const failed = await run("restore", path, "--version", "4");
    expect([failed.code, failed.out]).toEqual([65, ""]);
    expect(failed.err).toMatch(/version 4 lacks a file: part-.*\.parquet\./);
    expect((await run("restore", path)).code).toBe(64);
  });

  it("find files that are missing, and take them out of it when told to", async () => {
    expect(await json("fsck", path)).toMatchObject({ version: 5, dryRun: true, missing: [] });
    const [lost = ""] = await dataFiles();
    await rm(join(path, lost));
    const found = await run("fsck", path);
    expect(found).toMatchObject({ code: 65, out: expect.stringContaining(`${lost}: it is missing, 1 row\n`) });
    expect(await json("fsck", path, "--repair")).toMatchObject({ repairedIn: 6, missing: [{ path: lost }] });
    expect(await rows()).toHaveLength(1);
  });

  it("refuse to restore a table of the pipeline, by its name or by its path, and say what makes it again", async () => {
    for (const name of ["stream.pin", "data/tables/stream/pin"]) {
      const refused = await run("restore", name, "--version", "0");
      expect(refused.code, name).toBe(64);
      expect(refused.err, name).toContain("pinlake stream rebuild");
    }
  });

  it("say that there is no table where there is none", async () => {
    expect(await run("show", "./nowhere")).toMatchObject({ code: 65, out: "" });
    expect(existsSync(join(folder.path, "nowhere"))).toBe(false);
  });
});
