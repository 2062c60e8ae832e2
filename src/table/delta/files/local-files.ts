import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ObjectStore } from "../../../store/object-store.ts";

/** A table's files as paths on this machine, for engines that read and write files. */
export interface LocalFiles extends AsyncDisposable {
  /** Where a file of the table can be read; a copy when the store lies elsewhere. */
  path(name: string, signal?: AbortSignal): Promise<string>;
  /** Where a new file may be made, to be adopted by the store. */
  newPath(): Promise<string>;
}

export function localFiles({
  store,
  prefix,
  tempFolder,
}: {
  readonly store: ObjectStore;
  readonly prefix: string;
  readonly tempFolder?: string | undefined;
}): LocalFiles {
  let folder: Promise<string> | undefined;
  const copies = new Map<string, Promise<string>>();

  const ownFolder = () => {
    folder ??= (async () => {
      const parent = tempFolder ?? tmpdir();
      await mkdir(parent, { recursive: true });
      return mkdtemp(join(parent, "pinlake-table-"));
    })();
    return folder;
  };

  /** Files of a table never change, so a copy stays good. */
  async function copy(name: string, signal?: AbortSignal): Promise<string> {
    const to = join(await ownFolder(), randomUUID());
    await pipeline(
      store.stream(prefix + name, signal === undefined ? {} : { signal }),
      createWriteStream(`${to}.part`),
    );
    await rename(`${to}.part`, to);
    return to;
  }

  return {
    async path(name, signal) {
      const local = store.localPath(prefix + name);
      if (local !== undefined) return local;
      const known = copies.get(name);
      if (known !== undefined) return known;
      const copied = copy(name, signal);
      copies.set(name, copied);
      copied.catch(() => copies.delete(name));
      return copied;
    },
    async newPath() {
      return (await store.stagingPath()) ?? join(await ownFolder(), `${randomUUID()}.parquet`);
    },
    async [Symbol.asyncDispose]() {
      copies.clear();
      const made = folder;
      folder = undefined;
      if (made !== undefined) await rm(await made, { recursive: true, force: true });
    },
  };
}
