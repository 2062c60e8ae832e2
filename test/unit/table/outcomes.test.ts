import { describe, expect, it } from "vitest";
import { PinlakeError } from "../../../src/errors.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { deltaTable, keysBelow } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { contents, EVENTS, events } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

const lost = () => new Error("connection reset");

/** What may become of the put of a commit, as its caller sees it. */
const mishaps: readonly [string, (store: ObjectStore) => ObjectStore["putIfAbsent"]][] = [
  [
    "written, but the answer is lost",
    (store) => async (key, body) => {
      await store.putIfAbsent(key, body);
      throw lost();
    },
  ],
  [
    "written, and the client's own retry then finds it taken",
    (store) => async (key, body) => {
      await store.putIfAbsent(key, body);
      return store.putIfAbsent(key, body);
    },
  ],
];

describe("the outcome of a commit that went wrong", () => {
  /** A table whose next put of a commit goes as the mishap has it. */
  async function withMishap(mishap: (store: ObjectStore) => ObjectStore["putIfAbsent"]) {
    const store = createMemoryStore();
    const other = deltaTable(store, engine);
    await other.create({ schema: EVENTS });
    let armed = true;
    const putIfAbsent: ObjectStore["putIfAbsent"] = (key, body) => {
      if (!armed || !key.includes("_delta_log/")) return store.putIfAbsent(key, body);
      armed = false;
      return mishap(store)(key, body);
    };
    const table = deltaTable({ ...store, putIfAbsent }, engine);
    const row = () => events(session, [{ id: "a", seq: 1 }]);
    return { store, table, other, row };
  }

  it.each(mishaps)("%s: it is recognised as ours and not stored again", async (_, mishap) => {
    const { table, other, row } = await withMishap(mishap);
    expect(await table.append(row())).toMatchObject({ version: 1 });
    expect(await contents(session, await other.snapshot())).toEqual(["a@1"]);
    expect(await table.append(row())).toMatchObject({ version: 2 });
  });

  it("taken by somebody else in that instant: it follows them", async () => {
    let overtake: () => Promise<unknown> = async () => {};
    const { table, other, row } = await withMishap((store) => async (key, body) => {
      await overtake();
      return store.putIfAbsent(key, body);
    });
    overtake = () => other.append(events(session, [{ id: "b", seq: 2 }]));
    expect(await table.append(row())).toMatchObject({ version: 2 });
    expect(await contents(session, await other.snapshot())).toEqual(["a@1", "b@2"]);
  });

  it("overtaken by a commit with the same txn: refused, and its file is gone", async () => {
    const txns = [{ appId: "job", version: 1n }];
    let overtake: () => Promise<unknown> = async () => {};
    const { store, table, other, row } = await withMishap((inner) => async (key, body) => {
      await overtake();
      return inner.putIfAbsent(key, body);
    });
    overtake = () => other.append(row(), { txns });
    await expect(table.append(row(), { txns })).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
    expect((await keysBelow(store, "t/part-")).length).toBe(1);
  });

  it("nothing written, as the store says: the error is passed on, and its file is gone", async () => {
    const { store, table, row } = await withMishap(() => async (key) => {
      throw new PinlakeError("STORAGE_FULL", { path: key });
    });
    await expect(table.append(row())).rejects.toMatchObject({ code: "STORAGE_FULL" });
    expect(await keysBelow(store, "t/part-")).toEqual([]);
    expect(await table.append(row())).toMatchObject({ version: 1 });
  });

  it("not known: its file stays, because the commit may still appear", async () => {
    const { store, table, row } = await withMishap(() => async () => {
      throw lost();
    });
    await expect(table.append(row())).rejects.toThrow("connection reset");
    expect(await keysBelow(store, "t/part-")).toHaveLength(1);
  });

  it("not known, because the store is gone: its file stays, and the commit is found later", async () => {
    const inner = createMemoryStore();
    await deltaTable(inner, engine).create({ schema: EVENTS });
    let gone = false;
    const store: ObjectStore = {
      ...inner,
      async putIfAbsent(key, body) {
        await inner.putIfAbsent(key, body);
        gone = true;
        throw lost();
      },
      async get(key, options) {
        if (gone) throw lost();
        return inner.get(key, options);
      },
    };
    await expect(deltaTable(store, engine).append(events(session, [{ id: "a", seq: 1 }]))).rejects.toThrow("reset");
    expect(await contents(session, await deltaTable(inner, engine).snapshot())).toEqual(["a@1"]);
  });

  it("cannot be told on a store that does not put conditionally: such a table is read, and written by its only writer", async () => {
    const store = createMemoryStore();
    const loose: ObjectStore = { ...store, supports: { ...store.supports, conditionalPut: false } };
    const row = () => events(session, [{ id: "a", seq: 1 }]);
    const unsafe = { code: "STORE_UNSAFE" };
    await expect(deltaTable(loose, engine).create({ schema: EVENTS })).rejects.toMatchObject(unsafe);
    const only = deltaTable(loose, engine, { singleWriter: true });
    await only.create({ schema: EVENTS });
    await only.append(row());
    const before = await keysBelow(store, "");
    const another = deltaTable(loose, engine);
    await expect(another.append(row())).rejects.toMatchObject(unsafe);
    await expect(another.optimize({ session })).rejects.toMatchObject(unsafe);
    expect(await keysBelow(store, "")).toEqual(before);
    expect(await contents(session, await another.snapshot())).toEqual(["a@1"]);
  });
});
