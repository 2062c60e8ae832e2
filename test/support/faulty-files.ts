import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Files, nodeFiles } from "../../src/log/embedded/files.ts";

export interface FaultyFiles {
  readonly files: Files;
  /** Calls that change something, so far. */
  calls(): number;
  /** Writes what a disk could hold if the power went now: all that was synced, and any part of what was not. */
  powerCutImage(folder: string, random: () => number): void;
}

/** What happens at the n-th call (from 1): undefined lets it through; an error code lets it fail, a write perhaps half done. */
export type Fault = (call: number, method: keyof Files) => string | undefined;

const SECTOR = 512;

/** Real files that fail when told to. They note what is synced instead of syncing it. */
export function faultyFiles(fault: Fault = () => undefined): FaultyFiles {
  let calls = 0;
  const paths = new Map<number, string>();
  const contents = new Map<string, Content>();
  /** Names that are surely on the disk. */
  let durable = new Set<string>();
  const names = new Set<string>();

  const contentOf = (path: string): Content => {
    let content = contents.get(path);
    if (content === undefined) {
      content = { synced: readFileSync(path), unsynced: [], failed: false };
      contents.set(path, content);
    }
    return content;
  };
  const changed = (fd: number) => {
    const path = paths.get(fd)!;
    contentOf(path).unsynced.push(readFileSync(path));
  };

  function step(method: keyof Files): void {
    const code = fault(++calls, method);
    if (code !== undefined) throw Object.assign(new Error(`${code}: injected at call ${calls}, ${method}`), { code });
  }

  const files: Files = {
    open(path, flags) {
      if (flags !== "r") step("open");
      const fd = nodeFiles.open(path, flags);
      if (flags === "wx+") contents.delete(path);
      contentOf(path);
      paths.set(fd, path);
      names.add(path);
      return fd;
    },
    async write(fd, bytes, position) {
      try {
        step("write");
      } catch (error) {
        await nodeFiles.write(fd, bytes.subarray(0, Math.floor(bytes.length / 2)), position);
        changed(fd);
        throw error;
      }
      await nodeFiles.write(fd, bytes, position);
      changed(fd);
    },
    async sync(fd) {
      const content = contentOf(paths.get(fd)!);
      try {
        step("sync");
      } catch (error) {
        content.failed = true;
        throw error;
      }
      const now = readFileSync(paths.get(fd)!);
      // After a failed sync the kernel takes pages for clean that it never wrote: a later one saves none of them.
      content.synced = content.failed ? now.subarray(0, Math.min(now.length, content.synced.length)) : now;
      content.unsynced = [];
    },
    truncate(fd, length) {
      step("truncate");
      nodeFiles.truncate(fd, length);
      changed(fd);
    },
    read: (fd, position, length) => nodeFiles.read(fd, position, length),
    close: (fd) => nodeFiles.close(fd),
    free: (folder) => nodeFiles.free(folder),
    remove(path) {
      step("remove");
      nodeFiles.remove(path);
      names.delete(path);
    },
    async removeAside(path) {
      step("removeAside");
      await nodeFiles.removeAside(path);
      names.delete(path);
    },
    link(file, path) {
      step("link");
      nodeFiles.link(file, path);
      names.add(path);
      contents.set(path, contentOf(file));
    },
    rename(from, to) {
      step("rename");
      const content = contentOf(from);
      nodeFiles.rename(from, to);
      names.delete(from);
      names.add(to);
      contents.set(to, content);
      for (const [fd, path] of paths) if (path === from) paths.set(fd, to);
    },
    syncFolder() {
      step("syncFolder");
      durable = new Set(names);
    },
  };

  return {
    files,
    calls: () => calls,
    powerCutImage(folder, random) {
      mkdirSync(folder, { recursive: true });
      for (const path of new Set([...names, ...durable])) {
        const settled = durable.has(path) && names.has(path);
        if (!settled && random() < 0.5) continue; // a name made or removed, and the folder not synced since
        const { synced, unsynced } = contents.get(path)!;
        const version = unsynced[Math.floor(random() * unsynced.length)];
        writeFileSync(join(folder, basename(path)), version === undefined ? synced : mixed(synced, version, random));
      }
    },
  };
}

interface Content {
  synced: Buffer;
  /** What it was after each change since. */
  unsynced: Buffer[];
  failed: boolean;
}

/** Sectors of the new content may or may not have reached the disk; so may the new length. */
function mixed(old: Buffer, now: Buffer, random: () => number): Buffer {
  const length = random() < 0.5 ? now.length : Math.round(old.length + (now.length - old.length) * random());
  const image = Buffer.alloc(length);
  old.copy(image);
  const share = random();
  const written = Math.min(length, now.length);
  for (let at = 0; at < written; at += SECTOR) {
    const end = Math.min(at + SECTOR, written);
    if (now.subarray(at, end).equals(old.subarray(at, end)) || random() < share) now.copy(image, at, at, end);
  }
  return image;
}
