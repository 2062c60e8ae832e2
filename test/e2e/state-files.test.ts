import { chmod, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

const NOBODY = 65534;

async function folderWithTopic() {
  const folder = await tempFolder();
  await pinlakeJson(["topics", "create", "t", "--data", folder.path]);
  return folder;
}

describe("the files beside the log", () => {
  it("are read where nobody may write", async () => {
    await using folder = await folderWithTopic();
    expect((await readdir(folder.path)).sort()).toContain("state.db");
    await chmod(folder.path, 0o555);
    const user = process.getuid?.() === 0 ? { uid: NOBODY } : {};
    for (const verb of ["topics ls", "topics show t", "topics tail t", "runs ls"])
      expect(await pinlake([...verb.split(" "), "--data", folder.path], user), verb).toMatchObject({
        code: 0,
        err: "",
      });
    await chmod(folder.path, 0o755);
  });

  it.each(["up", "topics ls", "runs ls"])("are named by `%s` when they hold something else", async (verb) => {
    await using folder = await folderWithTopic();
    const state = join(folder.path, "state.db");
    await rm(state);
    await writeFile(state, "garbage ".repeat(1000));
    const { code, err } = await pinlake([...verb.split(" "), "--data", folder.path]);
    expect(code).toBe(69);
    expect(err).toMatch(/^pinlake: .*state\.db could not be read or written: file is not a database\n$/);
  });

  it("name the lock when it is none, and what to do", async () => {
    await using folder = await folderWithTopic();
    await writeFile(join(folder.path, "lock.db"), "garbage ".repeat(1000));
    const { code, err } = await pinlake(["up", "--data", folder.path]);
    expect([code, err]).toEqual([69, expect.stringMatching(/lock\.db .*remove it/)]);
    await rm(join(folder.path, "lock.db"));
    expect((await pinlake(["topics", "create", "u", "--data", folder.path])).code).toBe(0);
  });
});

it("an address that others reach is laid to the variable that names it", async () => {
  const environment = { PINLAKE__GATEWAY__HOST: "0.0.0.0" };
  const { code, err } = await pinlake(["config", "check"], { environment });
  expect(code).toBe(78);
  expect(err).toMatch(/^pinlake: environment variable PINLAKE__GATEWAY__HOST: gateway.host: "0.0.0.0" can be reached/);
});
