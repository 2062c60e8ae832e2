import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { crashAtCall } from "../support/crash-at-call.ts";
import { deltaTable, keysBelow } from "../support/delta-table.ts";
import { before, copyOf, tableWithRows, writesOfKinds } from "../support/table-crashes.ts";
import { contents } from "../support/table-rows.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { type DeltaRs, startDeltaRs } from "./matrix/delta-rs.ts";

let engine: QueryEngine;
let session: QuerySession;
let folder: TempFolder;
let deltaRs: DeltaRs;
let tables = 0;
beforeAll(async () => {
  engine = createDuckDbEngine({ threads: 1 });
  session = await engine.session();
  folder = await tempFolder();
  deltaRs = startDeltaRs(join(folder.path, "delta-rs"));
});
afterAll(async () => {
  await deltaRs[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function readByDeltaRs(store: ObjectStore): Promise<string[]> {
  const root = join(folder.path, `table-${tables++}`);
  await using files = await openFilesystemStore({ root });
  for (const key of await keysBelow(store, "")) await files.put(key, await store.get(key));
  const rows = await deltaRs.query(join(root, "t"), "SELECT id, seq FROM t ORDER BY id, seq");
  return rows.map(([id, seq]) => `${id}@${seq}`);
}

it.each(writesOfKinds)("delta-rs reads what we do after a process died at any call of $name", async (kind) => {
  const prepared = await tableWithRows(engine, session, kind.options);
  const whole = crashAtCall({ store: await copyOf(prepared) });
  await kind.write(deltaTable(whole.target.store, engine), session);
  const seen = new Set<string>();
  for (let call = 1; call <= whole.calls(); call++) {
    const store = await copyOf(prepared);
    const { target, crashed } = crashAtCall({ store }, { call, moment: "before" });
    await Promise.race([kind.write(deltaTable(target.store, engine), session), crashed]);
    const found = await readByDeltaRs(store);
    expect(found).toEqual(await contents(session, await deltaTable(store, engine).snapshot()));
    seen.add(found.join());
  }
  expect([...seen].sort()).toEqual([before.join(), kind.after.join()].sort());
});
