import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ObjectStore } from "../../src/store/object-store.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);

async function keys(store: ObjectStore, prefix: string, startAfter?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix, startAfter === undefined ? {} : { startAfter })) found.push(key);
  return found;
}

/** What every object store promises. `create` gives an empty one; it is disposed of after each test. */
export function objectStoreConformance(name: string, create: () => Promise<ObjectStore>): void {
  describe(`${name} keeps the ObjectStore promises`, () => {
    it("gives back what was put, whole and by range, however often it is replaced", async () => {
      await using store = await create();
      await store.put("a/b/c.json", bytes("0123456789"));
      expect(text(await store.get("a/b/c.json"))).toBe("0123456789");
      const range = async (start: number, end: number) =>
        text(await store.get("a/b/c.json", { range: { start, end } }));
      expect(await range(2, 5)).toBe("234");
      expect(await range(8, 100)).toBe("89");
      expect(await range(50, 100)).toBe("");
      await store.put("a/b/c.json", bytes("new"));
      expect(text(await store.get("a/b/c.json"))).toBe("new");
      await store.put("empty", new Uint8Array());
      expect(await store.get("empty")).toHaveLength(0);
    });

    it("keeps an object as it was when the caller's bytes change later", async () => {
      await using store = await create();
      const body = bytes("first");
      await store.put("k", body);
      body.fill(0);
      const read = await store.get("k");
      expect(text(read)).toBe("first");
      read.fill(0);
      expect(text(await store.get("k"))).toBe("first");
    });

    it("lets exactly one of many racing putIfAbsent win", async () => {
      await using store = await create();
      const bodies = Array.from({ length: 50 }, (_, i) => `writer ${i}`);
      const won = await Promise.all(bodies.map((body) => store.putIfAbsent("deep/er/k", bytes(body))));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(text(await store.get("deep/er/k"))).toBe(bodies[won.indexOf(true)]);
      expect(await keys(store, "")).toEqual(["deep/er/k"]);
    });

    it("leaves an object untouched when putIfAbsent finds the key taken", async () => {
      await using store = await create();
      await store.put("k", bytes("first"));
      expect(await store.putIfAbsent("k", bytes("second"))).toBe(false);
      expect(text(await store.get("k"))).toBe("first");
      await store.delete("k");
      expect(await store.putIfAbsent("k", bytes("third"))).toBe(true);
    });

    it("streams an object piece by piece", async () => {
      await using store = await create();
      const body = new Uint8Array(700_001).map((_, i) => i % 251);
      await store.put("big", body);
      const pieces: Uint8Array[] = [];
      for await (const piece of store.stream("big")) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(body)).toBe(true);
    });

    it("shows nothing of a streamed put before its commit, and nothing of an aborted one ever", async () => {
      await using store = await create();
      const writer = await store.writer("w/x");
      await writer.write(bytes("one "));
      await writer.write(bytes("two"));
      expect(await keys(store, "")).toEqual([]);
      expect(await store.head("w/x")).toBeUndefined();
      await writer.commit();
      expect(text(await store.get("w/x"))).toBe("one two");

      const aborted = await store.writer("w/y");
      await aborted.write(bytes("gone"));
      await aborted.abort();
      expect(await keys(store, "")).toEqual(["w/x"]);
    });

    it("commits a streamed put only once, and only over a free key when asked so", async () => {
      await using store = await create();
      const writers = await Promise.all(Array.from({ length: 8 }, () => store.writer("k")));
      for (const [i, writer] of writers.entries()) await writer.write(bytes(`writer ${i}`));
      const won = await Promise.all(writers.map((writer) => writer.commitIfAbsent()));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(text(await store.get("k"))).toBe(`writer ${won.indexOf(true)}`);
      await expect(writers[0]?.commit()).rejects.toMatchObject({ code: "CLOSED" });
      await expect(writers[0]?.write(bytes("more"))).rejects.toMatchObject({ code: "CLOSED" });

      const replacing = await store.writer("k");
      await replacing.write(bytes("replaced"));
      await replacing.commit();
      expect(text(await store.get("k"))).toBe("replaced");
    });

    it("lists keys in byte order", async () => {
      await using store = await create();
      const inOrder = ["a.b", "a/b/c", "a/b0", "a0", "b+1", "b-1", "b/+/x", "b/-", "z", "é", "\uff61", "\u{1f600}"];
      for (const key of inOrder.toReversed()) await store.put(key, bytes(key));
      expect(await keys(store, "")).toEqual(inOrder);
    });

    it("lists by any prefix, and after any key, whether that is there or not", async () => {
      await using store = await create();
      for (const key of ["a/1", "a/2", "a/2/x", "a/3", "ab", "b/c/1", "b/c/2", "b/d"])
        await store.put(key === "a/2/x" ? "a/2x" : key, bytes("."));
      expect(await keys(store, "a")).toEqual(["a/1", "a/2", "a/2x", "a/3", "ab"]);
      expect(await keys(store, "a/")).toEqual(["a/1", "a/2", "a/2x", "a/3"]);
      expect(await keys(store, "a/2")).toEqual(["a/2", "a/2x"]);
      expect(await keys(store, "b/c/")).toEqual(["b/c/1", "b/c/2"]);
      expect(await keys(store, "none/")).toEqual([]);
      expect(await keys(store, "", "a/2")).toEqual(["a/2x", "a/3", "ab", "b/c/1", "b/c/2", "b/d"]);
      expect(await keys(store, "", "b/c")).toEqual(["b/c/1", "b/c/2", "b/d"]);
      expect(await keys(store, "b/", "b/c/15")).toEqual(["b/c/2", "b/d"]);
      expect(await keys(store, "a", "z")).toEqual([]);
      for (const odd of ["../", "/", "a//", "./a", ".."]) expect(await keys(store, odd)).toEqual([]);
    });

    it("stops listing when its signal aborts", async () => {
      await using store = await create();
      for (let i = 0; i < 3; i++) await store.put(`k${i}`, bytes("."));
      const signal = AbortSignal.abort(new Error("enough"));
      const list = async () => {
        for await (const _ of store.list("", { signal }));
      };
      await expect(list()).rejects.toThrow("enough");
    });

    it("tells size and time of an object, and undefined of none", async () => {
      await using store = await create();
      const before = Date.now() - 2000;
      await store.put("a/b", bytes("12345"));
      const info = await store.head("a/b");
      expect(info).toMatchObject({ key: "a/b", bytes: 5 });
      expect(info?.modifiedAtMs).toBeGreaterThan(before);
      for (const none of ["a", "a/b/c", "x/y"]) expect(await store.head(none)).toBeUndefined();
    });

    it("says which object is not there, and deletes it without complaint", async () => {
      await using store = await create();
      await expect(store.get("no/such")).rejects.toMatchObject({
        code: "OBJECT_NOT_FOUND",
        details: { key: "no/such" },
      });
      const stream = async () => {
        for await (const _ of store.stream("no/such"));
      };
      await expect(stream()).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
      await store.delete("no/such");
      await store.put("yes", bytes("."));
      await store.delete("yes");
      expect(await store.head("yes")).toBeUndefined();
    });

    it("refuses keys that no other store could hold or that would leave the root", async () => {
      await using store = await create();
      const bad = [
        "",
        "/",
        "/etc/x",
        "a//b",
        "a/",
        "..",
        "../x",
        "a/../../x",
        "a/./b",
        ".",
        "a\\..\\b",
        "a\0b",
        "\ud800",
      ];
      bad.push("x".repeat(256), "ä".repeat(128), Array(600).fill("y").join("/"));
      for (const key of bad) {
        const refused = { code: "OBJECT_KEY_INVALID" };
        await expect(store.put(key, bytes("."))).rejects.toMatchObject(refused);
        await expect(store.putIfAbsent(key, bytes("."))).rejects.toMatchObject(refused);
        await expect(store.writer(key)).rejects.toMatchObject(refused);
        await expect(store.get(key)).rejects.toMatchObject(refused);
        await expect(store.head(key)).rejects.toMatchObject(refused);
        await expect(store.delete(key)).rejects.toMatchObject(refused);
      }
      for (const key of ["x".repeat(255), "...", "a b+c=d%2F", ".hidden/..x"]) {
        await store.put(key, bytes(key));
        expect(text(await store.get(key))).toBe(key);
      }
    });

    it("takes in a finished file once, from its own staging place or from anywhere", async () => {
      await using store = await create();
      const folder = await mkdtemp(join(tmpdir(), "pinlake-test-"));
      try {
        for (const path of [(await store.stagingPath()) ?? join(folder, "staged"), join(folder, "elsewhere")]) {
          const key = `made/${path.length}-${path.includes(folder)}`;
          await writeFile(path, "rows");
          expect(await keys(store, "made/")).not.toContain(key);
          expect(await store.adoptFile(key, path)).toBe(true);
          expect(text(await store.get(key))).toBe("rows");
          await writeFile(path, "others");
          expect(await store.adoptFile(key, path)).toBe(false);
          expect(text(await store.get(key))).toBe("rows");
          await rm(path);
        }
        expect(await readdir(folder)).toEqual([]);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it("shows readers a whole object or none while writers replace it", async () => {
      await using store = await create();
      const versions = ["a", "b", "c"].map((letter) => bytes(letter.repeat(100_000)));
      let writing = true;
      const writer = (async () => {
        for (let i = 0; i < 30; i++) await store.put("k", versions[i % 3] as Uint8Array);
        writing = false;
      })();
      while (writing) {
        const body = await store.get("k").catch(() => undefined);
        if (body === undefined) continue;
        expect(versions.some((version) => Buffer.compare(version, body) === 0)).toBe(true);
      }
      await writer;
    });
  });
}
