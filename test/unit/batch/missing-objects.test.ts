import { expect, it } from "vitest";
import { cleanTablePrefix } from "../../../src/quarantine/clean-table.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { batchWorld, type Landed, land, type Made } from "../../support/batch-world.ts";
import { engineAndFolder } from "../../support/engine-and-folder.ts";

const { engine, folder } = await engineAndFolder();

const TOPIC = "a.thing";
const key = (start: number, format = "json") =>
  `topics/${TOPIC}/partition=0/${TOPIC}+0+${String(start).padStart(10, "0")}.${format}`;
const made = (offset: number): Made =>
  offset === 5 ? { kind: "bad", reason: "not_json" } : { kind: "row", ind: offset, n: offset };

/** Objects of the offsets 0–2, 3–4, 5 (which is no JSON), 6–8. */
async function landed(): Promise<ObjectStore> {
  const objects = createMemoryStore();
  const records = Array.from(
    { length: 9 },
    (_, offset): Landed => ({ topic: TOPIC, partition: 0, offset, made: made(offset) }),
  );
  await land(objects, records, ({ offset }) => offset === 2);
  return objects;
}

const rewrite = async (objects: ObjectStore, at: string, change: (text: string) => string) =>
  objects.put(at, Buffer.from(change(Buffer.from(await objects.get(at)).toString())));

const withoutFirstLine = (text: string) => text.slice(text.indexOf("\n") + 1);
const withoutEnd = (text: string) => text.slice(0, -1);

it.each<[string, (objects: ObjectStore) => Promise<unknown>, from: bigint, to: bigint | undefined]>([
  ["the first object is gone", (objects) => objects.delete(key(0)), 0n, 3n],
  ["one in the middle is gone", (objects) => objects.delete(key(3)), 3n, 5n],
  ["a value that is no JSON is gone", (objects) => objects.delete(key(5, "bin")), 5n, 6n],
  ["a line is gone", (objects) => rewrite(objects, key(0), withoutFirstLine), 2n, 3n],
  ["a line is too many", (objects) => rewrite(objects, key(0), (text) => `${text}{"ind":7}\n`), 3n, 4n],
  ["a last line is torn", (objects) => rewrite(objects, key(3), withoutEnd), 4n, 5n],
  ["the newest object's last line is torn", (objects) => rewrite(objects, key(6), withoutEnd), 8n, undefined],
  ["there is a copy under another name", async (objects) => objects.put(key(1), await objects.get(key(0))), 1n, 3n],
])("nothing is taken where %s; both kinds of run name the offsets", async (_, damage, from, to) => {
  for (const full of [false, true]) {
    const [objects, tables] = [await landed(), createMemoryStore()];
    const { batch, openTable } = batchWorld({ objects, tables, engine, folder: folder.path });
    await damage(objects);
    await expect(batch.runDataset("thing", { full })).rejects.toMatchObject({
      code: "OBJECTS_DAMAGED",
      details: { of: `${TOPIC}/0`, from, to },
    });
    const snapshot = await openTable(cleanTablePrefix("batch", "thing")).find();
    expect((await snapshot?.countRows()) ?? 0).toBe(0);
    expect(snapshot?.txns.size ?? 0).toBe(0);
  }
});

it("an object that went missing between two runs is not jumped over", async () => {
  const [objects, tables] = [await landed(), createMemoryStore()];
  const { batch } = batchWorld({ objects, tables, engine, folder: folder.path });
  await batch.runDataset("thing");
  const later = [9, 10].map((offset): Landed => ({ topic: TOPIC, partition: 0, offset, made: made(offset) }));
  await land(objects, later, () => true);
  await objects.delete(key(9));
  await expect(batch.runDataset("thing")).rejects.toMatchObject({ details: { key: undefined, from: 9n, to: 10n } });
});

it("offsets may be left out where the log leaves some out", async () => {
  const [objects, tables] = [await landed(), createMemoryStore()];
  await objects.delete(key(3));
  const { batch } = batchWorld({ objects, tables, engine, folder: folder.path, denseOffsets: false });
  expect(await batch.runDataset("thing")).toMatchObject({ events: 7 });
});
