import { execFileSync } from "node:child_process";
import { closeSync, copyFileSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk whose power can be cut: a file system in an image, and the image lies in memory. */
export interface PowerDisk extends Disposable {
  /** Where it is mounted. */
  readonly path: string;
  /**
   * Copies what has reached the device, which is what a power cut would leave. Whoever writes must have been stopped.
   * What is only in the page cache is lost, but for the files that `random` picks: a kernel writes back what it likes.
   */
  cut(random: () => number): Promise<DiskImage>;
}

/** What was on the device at a power cut, mounted as after the machine's next start. */
export interface DiskImage extends Disposable {
  readonly path: string;
}

/** Journal modes: how much of the order of writes a file system keeps by itself. */
export const MOUNT_OPTIONS = ["data=ordered", "data=writeback,noauto_da_alloc", "data=ordered,commit=1"] as const;

const SIZE_MIB = 128;

/** Undefined, loudly, where images may not be mounted: that takes root on Linux. */
export function powerDisk(mountOptions: string): PowerDisk | undefined {
  const base = mkdtempSync(join(tmpdir(), "pinlake-power-"));
  const memory = join(base, "memory");
  const image = join(memory, "disk");
  const path = join(base, "disk");
  const mounted: string[] = [];
  for (const folder of [memory, path]) mkdirSync(folder);
  const dispose = () => {
    for (const at of mounted.toReversed()) run("umount", at);
    rmSync(base, { recursive: true, force: true });
  };
  try {
    run("mount", "-t", "tmpfs", "-o", `size=${SIZE_MIB * 3}m`, "tmpfs", memory);
    mounted.push(memory);
    run("truncate", "-s", `${SIZE_MIB}M`, image);
    run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image);
    run("mount", "-o", `loop,${mountOptions}`, image, path);
    mounted.push(path);
  } catch (error) {
    dispose();
    process.stderr.write(`POWER CUTS NOT TESTED: no image can be mounted here (${String(error).split("\n")[0]})\n`);
    return undefined;
  }
  let cuts = 0;
  return {
    path,
    async cut(random) {
      if (random() < 0.5) await writeBackSome(path, random);
      const copy = join(memory, `cut-${cuts++}`);
      const at = join(base, `cut-${cuts}`);
      copyFileSync(image, copy);
      mkdirSync(at);
      try {
        run("mount", "-o", "loop", copy, at);
      } catch (error) {
        rmSync(copy);
        throw error;
      }
      return {
        path: at,
        [Symbol.dispose]() {
          run("umount", at);
          rmSync(copy);
        },
      };
    },
    [Symbol.dispose]: dispose,
  };
}

/** Without an order, as a kernel does that is short of memory: later writes may get to the device and earlier ones not. */
async function writeBackSome(folder: string, random: () => number): Promise<void> {
  const share = random() * 0.5;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || random() > share) continue;
    const fd = openSync(join(entry.parentPath, entry.name), "r");
    fdatasyncSync(fd);
    closeSync(fd);
  }
}

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
