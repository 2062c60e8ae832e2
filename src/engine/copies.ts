import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

/** Files that are written over when they are free again: for a system, new pages of a file cost several times the copying. */
export interface Copies extends AsyncDisposable {
  /** A file with these bytes, until `free` is called with its path. */
  write(bytes: Uint8Array): Promise<string>;
  free(path: string): void;
}

/** Disposing of them removes them all. */
export function copiesIn(folder: string): Copies {
  const made: string[] = [];
  const spare: string[] = [];

  function newPath(): string {
    const path = join(folder, `${randomUUID()}.json`);
    made.push(path);
    return path;
  }

  return {
    async write(bytes) {
      const again = spare.pop();
      const path = again ?? newPath();
      await using file = await open(path, again === undefined ? "wx" : "r+");
      await file.writeFile(bytes);
      await file.truncate(bytes.length);
      return path;
    },
    free: (path) => void spare.push(path),
    async [Symbol.asyncDispose]() {
      for (const path of made) await rm(path, { force: true });
    },
  };
}
