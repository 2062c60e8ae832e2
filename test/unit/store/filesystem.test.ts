import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FileCalls, fileCalls } from "../../../src/store/filesystem/file-calls.ts";
import { openFilesystemStore } from "../../../src/store/filesystem.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const TEMP = ".pinlake-tmp";

async function keys(store: Awaited<ReturnType<typeof openFilesystemStore>>): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list("")) found.push(key);
  return found;
}

/** File calls that are written down, and of which the n-th fails; `close` and `unlink` always work. */
function failing(code: string, call = 0): { files: FileCalls; made: string[] } {
  const made: string[] = [];
  const files = new Proxy(fileCalls, {
    get(target, name: keyof FileCalls) {
      const real = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        const path = args.findLast((arg) => typeof arg === "string");
        made.push(path === undefined ? name : `${name} ${path === undefined ? "" : basename(path as string)}`);
        const fails = made.length === call && name !== "close" && name !== "unlink";
        if (fails) throw Object.assign(new Error(`${code}: injected`), { code });
        return real(...args);
      };
    },
  });
  return { files, made };
}

describe("the filesystem store", () => {
  it("syncs a file that it adopts before it is an object, and the folder before it answers", async () => {
    await using folder = await tempFolder();
    const { files, made } = failing("none");
    const store = await openFilesystemStore({ root: folder.path, files });
    await store.put("a/other", bytes("."));
    const path = join(folder.path, "made");
    await writeFile(path, "made");
    made.length = 0;
    expect(await store.adoptFile("a/made", path)).toBe(true);
    const calls = made.filter((call) => !call.startsWith("realpath"));
    expect(calls).toEqual(["openToSync made", "sync", "close", "link made", "syncFolder a", "unlink made"]);
  });

  // A real one, where there is one.
  it.runIf(existsSync("/dev/shm"))("adopts a file of another file system", async () => {
    await using folder = await tempFolder();
    const other = await mkdtemp("/dev/shm/pinlake-test-");
    try {
      const store = await openFilesystemStore({ root: folder.path });
      for (const [text, adopted] of [
        ["first", true],
        ["second", false],
      ] as const) {
        await writeFile(join(other, "made"), text);
        expect(await store.adoptFile("a/made", join(other, "made"))).toBe(adopted);
        expect(new TextDecoder().decode(await store.get("a/made"))).toBe("first");
        expect(await readdir(other)).toEqual(adopted ? [] : ["made"]);
        expect(await readdir(join(folder.path, TEMP))).toEqual([]);
      }
    } finally {
      await rm(other, { recursive: true });
    }
  });

  it("syncs the contents before the name is there, and the name before it answers", async () => {
    await using folder = await tempFolder();
    const { files, made } = failing("none");
    const store = await openFilesystemStore({ root: folder.path, files });
    await store.putIfAbsent("a/b/first", bytes("."));
    made.length = 0;
    await store.putIfAbsent("a/b/second", bytes("."));
    const steps = made.filter((call) => !call.startsWith("realpath") && call !== "close");
    expect(steps.map((call) => call.replace(/\d+-[0-9a-f]+/, "temp"))).toEqual([
      "create temp",
      "write",
      "sync",
      "link second",
      "syncFolder b",
      "unlink temp",
    ]);
  });

  it("looks up the folder of objects that are read together once", async () => {
    await using folder = await tempFolder();
    const { files, made } = failing("none");
    const store = await openFilesystemStore({ root: folder.path, files });
    const names = Array.from({ length: 20 }, (_, i) => `a/${i}`);
    for (const name of names) await store.put(name, bytes(name));
    made.length = 0;
    expect((await Promise.all(names.map((name) => store.get(name)))).map(String)).toEqual(
      names.map((n) => String(bytes(n))),
    );
    expect(made.filter((call) => call.startsWith("realpath"))).toEqual(["realpath a"]);
  });

  it("finds an object in a folder that was made while an earlier reader looked for it", async () => {
    await using folder = await tempFolder();
    const { files } = failing("none");
    let looked = () => {};
    const held = new Promise<void>((resolve) => {
      looked = resolve;
    });
    const slow: FileCalls = {
      ...files,
      async realpath(path) {
        const missing = await fileCalls.realpath(path).catch((error: unknown) => ({ error }));
        if (typeof missing === "string") return missing;
        await held;
        throw missing.error;
      },
    };
    const store = await openFilesystemStore({ root: folder.path, files: slow });
    const early = store.head("a/object");
    await using other = await openFilesystemStore({ root: folder.path });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await other.put("a/object", bytes("."));
    const late = store.head("a/object");
    looked();
    expect(await early).toBeUndefined();
    expect(await late).toMatchObject({ key: "a/object" });
  });

  it("makes every folder above a first object durable, also those that an earlier process left", async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, "a/b"), { recursive: true });
    const { files, made } = failing("none");
    const store = await openFilesystemStore({ root: folder.path, files });
    await store.put("a/b/c/object", bytes("."));
    const synced = made.filter((call) => call.startsWith("syncFolder")).map((call) => call.split(" ")[1]);
    expect(synced).toEqual([basename(folder.path), basename(folder.path), "a", "b", "c"]);
  });

  it("makes a root that is not there yet, durable up to the folder that was", async () => {
    await using folder = await tempFolder();
    const { files, made } = failing("none");
    await openFilesystemStore({ root: join(folder.path, "x/y/objects"), files });
    const synced = made.filter((call) => call.startsWith("syncFolder")).map((call) => call.split(" ")[1]);
    expect(synced).toEqual(["y", "x", basename(folder.path)]);
  });

  it("syncs an object of a process that may have died before it did", async () => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, "object"), "theirs");
    const { files, made } = failing("none");
    const store = await openFilesystemStore({ root: folder.path, files });
    expect(await store.putIfAbsent("object", bytes("mine"))).toBe(false);
    expect(made.findLastIndex((call) => call.startsWith("syncFolder"))).toBeGreaterThan(
      made.findIndex((call) => call.startsWith("link")),
    );
  });

  it.each([
    ["ENOSPC", "STORAGE_FULL"],
    ["EDQUOT", "STORAGE_FULL"],
    ["EIO", "STORAGE_FAILED"],
    ["EROFS", "STORAGE_FAILED"],
  ])("answers %s at any step with %s, and leaves no part behind", async (code, expected) => {
    for (const method of ["put", "putIfAbsent", "writer"] as const) {
      const write = async (store: Awaited<ReturnType<typeof openFilesystemStore>>) => {
        if (method !== "writer") return store[method]("a/object", bytes("whole"));
        const writer = await store.writer("a/object");
        await writer.write(bytes("who"));
        await writer.write(bytes("le"));
        return writer.commitIfAbsent();
      };
      for (let call = 1; ; call++) {
        await using folder = await tempFolder();
        const opened = failing(code, call + 1); // the first call looks for what is left behind
        const store = await openFilesystemStore({ root: folder.path, files: opened.files });
        const failed = await write(store).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failed === undefined && opened.made.length < call + 1) break;
        const harmless = /^(close|unlink)/.test(opened.made[call] ?? "");
        if (!harmless) expect(failed, opened.made[call]).toMatchObject({ code: expected });
        expect(await readdir(join(folder.path, TEMP)).catch(() => [])).toEqual([]);
        const healthy = await openFilesystemStore({ root: folder.path });
        const there = await keys(healthy);
        expect(there.length).toBeLessThanOrEqual(opened.made[call]?.startsWith("syncFolder a") || harmless ? 1 : 0);
        for (const key of there) expect(Buffer.from(await healthy.get(key)).toString()).toBe("whole");
        await healthy.put("a/object", bytes("again"));
      }
    }
  });

  it("neither follows, lists nor replaces through a link", async () => {
    await using folder = await tempFolder();
    await using outside = await tempFolder();
    await writeFile(join(outside.path, "secret"), "secret");
    await symlink(outside.path, join(folder.path, "way"));
    await symlink(join(outside.path, "secret"), join(folder.path, "link"));
    const store = await openFilesystemStore({ root: folder.path });
    expect(await keys(store)).toEqual([]);
    const within: string[] = [];
    for await (const { key } of store.list("way/")) within.push(key);
    expect(within).toEqual([]);
    await expect(store.get("link")).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
    await expect(store.get("way/secret")).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    await expect(store.put("way/new", bytes("."))).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    await expect(store.delete("way/secret")).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    await store.put("link", bytes("mine"));
    expect(await readFile(join(outside.path, "secret"), "utf8")).toBe("secret");
    expect(await readdir(outside.path)).toEqual(["secret"]);
  });

  it("refuses a key in whose place a file system holds something else", async () => {
    await using folder = await tempFolder();
    const store = await openFilesystemStore({ root: folder.path });
    await store.put("a/b", bytes("."));
    for (const key of ["a", "a/b/c", `${TEMP}/x`])
      for (const write of [store.put, store.putIfAbsent])
        await expect(write(key, bytes("."))).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    await expect(store.get("a")).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
    await expect(store.get("a/b/c")).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
    expect(await keys(store)).toEqual(["a/b"]);
  });

  it("goes on when somebody removes its folders", async () => {
    await using folder = await tempFolder();
    const store = await openFilesystemStore({ root: folder.path });
    await store.put("a/b/one", bytes("."));
    await rm(join(folder.path, "a"), { recursive: true });
    await rm(join(folder.path, TEMP), { recursive: true });
    await store.put("a/b/two", bytes("."));
    await rm(join(folder.path, "a"), { recursive: true });
    expect(await store.putIfAbsent("a/b/three", bytes("."))).toBe(true);
    expect(await keys(store)).toEqual(["a/b/three"]);
  });

  it("removes what dead processes left long ago, and nothing that may be in use", async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, TEMP));
    const long = new Date(Date.now() - 7200 * 1000);
    const files = { old: "999999999-aa", young: "999999999-bb", ours: `${process.pid}-cc`, foreign: "notes.txt" };
    for (const [kind, name] of Object.entries(files)) {
      await writeFile(join(folder.path, TEMP, name), ".");
      if (kind !== "young") await utimes(join(folder.path, TEMP, name), long, long);
    }
    const store = await openFilesystemStore({ root: folder.path });
    expect((await readdir(join(folder.path, TEMP))).sort()).toEqual([files.young, files.ours, files.foreign].sort());
    expect(await keys(store)).toEqual([]);
  });

  it("says why a folder cannot be used", async () => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, "file"), ".");
    await expect(openFilesystemStore({ root: join(folder.path, "file") })).rejects.toMatchObject({
      code: "FOLDER_UNUSABLE",
    });
  });
});
