import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { objectStoreConformance } from "./object-store.ts";

objectStoreConformance("the memory store", async () => createMemoryStore());

objectStoreConformance("the filesystem store", async (): Promise<ObjectStore> => {
  const folder = await tempFolder();
  const store = await openFilesystemStore({ root: folder.path });
  return { ...store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
});
