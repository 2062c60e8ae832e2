import { randomBytes } from "node:crypto";
import { chmod, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pinlake, pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

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

  it("are looked at by doctor, which believes no process that does not hold the lock", async () => {
    await using folder = await folderWithTopic();
    const at = ["--data", folder.path];
    const environment = { PINLAKE_GATEWAY_PORT: "0", PINLAKE_CONSOLE_PORT: "0" };
    const doctor = async () =>
      JSON.parse((await pinlake(["doctor", ...at, "--json"], { environment })).out) as Finding[];
    const finding = (all: Finding[], check: string) => all.find((one) => one.check === check);
    await writeFile(join(folder.path, "up.json"), JSON.stringify({ pid: 1, gateway: "http://127.0.0.1:1" }));
    const left = await doctor();
    expect(finding(left, "lock")).toMatchObject({ ok: true, detail: "free" });
    expect(finding(left, "gateway port")?.detail).not.toContain("process 1");
    expect(finding(left, "state")).toMatchObject({ ok: true });

    const up = startPinlake(["up", ...at]);
    await up.printed(/console listening/);
    expect(finding(await doctor(), "lock")).toMatchObject({ detail: `held by process ${up.child.pid}` });
    up.child.kill("SIGTERM");
    expect((await up.done).code).toBe(0);

    for (const file of ["lock.db", "state.db"]) await writeFile(join(folder.path, file), randomBytes(5000));
    const sick = await doctor();
    for (const check of ["lock", "state"]) expect(finding(sick, check)).toMatchObject({ ok: false });
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
