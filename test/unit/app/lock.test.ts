import { readFileSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureToken } from "../../../src/app/console-token.ts";
import { dataFolder } from "../../../src/app/data-folder.ts";
import { lockFolder } from "../../../src/app/lock.ts";
import { readUpFile } from "../../../src/app/up-file.ts";
import { systemClock } from "../../../src/clock.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** No process has it: beyond what Linux gives out. */
const GONE = 4_194_305;

describe("the folder's lock", () => {
  it("says whose it is as soon as it is taken, then where that one listens, and nothing afterwards", async () => {
    await using temp = await tempFolder();
    const folder = dataFolder(join(temp.path, "deep/down"));
    {
      using lock = await lockFolder(folder, systemClock);
      expect(readUpFile(folder.up)).toEqual({ pid: process.pid });
      lock.announce({ gateway: "http://g", console: "http://c" });
      expect(readUpFile(folder.up)).toEqual({ pid: process.pid, gateway: "http://g", console: "http://c" });
    }
    expect(readUpFile(folder.up)).toBeUndefined();
    using again = await lockFolder(folder, systemClock);
    expect(again).toBeDefined();
  });

  it("is free when its holder is gone, whatever that one left behind", async () => {
    await using temp = await tempFolder();
    const folder = dataFolder(temp.path);
    writeFileSync(folder.up, JSON.stringify({ pid: GONE, console: "http://127.0.0.1:1" }));
    expect(readUpFile(folder.up)).toBeUndefined();
    using lock = await lockFolder(folder, systemClock);
    expect(lock).toBeDefined();
    writeFileSync(folder.up, "{ half a docu");
    expect(readUpFile(folder.up)).toBeUndefined();
  });

  it("cannot be taken where a file stands in the way", async () => {
    await using temp = await tempFolder();
    writeFileSync(join(temp.path, "file"), "");
    await expect(lockFolder(dataFolder(join(temp.path, "file")), systemClock)).rejects.toMatchObject({
      code: "FOLDER_UNUSABLE",
    });
  });
});

describe("the console's token", () => {
  it("is made once, long, and readable by its owner alone", async () => {
    await using temp = await tempFolder();
    const folder = dataFolder(temp.path);
    const token = ensureToken(folder);
    expect(token.length).toBeGreaterThanOrEqual(40);
    expect(ensureToken(folder)).toBe(token);
    expect(readFileSync(folder.token, "utf8").trim()).toBe(token);
    expect((await stat(folder.token)).mode & 0o777).toBe(0o600);
  });
});
