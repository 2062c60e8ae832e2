import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { isKey } from "../../src/store/object-key.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { runs } from "../support/run-length.ts";
import { tempFolder } from "../support/temp-folder.ts";

const piece = fc.constantFrom("a", "b", "/", "/", ".", "0", "-", "~", "é", "\uff61", "\u{1f600}");
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
const keysOf = fc.array(text.filter(isKey), { maxLength: 14 });

/** A file system cannot hold `a` beside `a/b`. */
const withoutFoldersInTheWay = (keys: readonly string[]) =>
  keys.filter((key) => !keys.some((other) => other.startsWith(`${key}/`)));

async function listed(store: ObjectStore, prefix: string, startAfter: string | undefined): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix, startAfter === undefined ? {} : { startAfter })) found.push(key);
  return found;
}

describe("every store", () => {
  it("lists the keys that begin with any prefix and come after any key, by their bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        keysOf.map(withoutFoldersInTheWay),
        fc.array(fc.tuple(text, fc.option(text, { nil: undefined })), { minLength: 4, maxLength: 8 }),
        async (keys, questions) => {
          await using folder = await tempFolder();
          const stores = [createMemoryStore(), await openFilesystemStore({ root: folder.path })];
          for (const store of stores) for (const key of keys) await store.put(key, new Uint8Array(1));
          const inOrder = [...new Set(keys)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          for (const [prefix, after] of questions) {
            const expected = inOrder.filter(
              (key) =>
                key.startsWith(prefix) &&
                (after === undefined || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0),
            );
            for (const store of stores) expect(await listed(store, prefix, after)).toEqual(expected);
          }
        },
      ),
      runs(60),
    );
  });
});
