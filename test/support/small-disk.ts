import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

/** A real file system of so many KiB that fills up. Mounting one needs to be root on Linux; undefined, and a line, elsewhere. */
export function smallDisk(kib: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), "pinlake-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    rmdirSync(path);
    process.stderr.write("small disk: not tested, mounting a tmpfs is not allowed here\n");
    return undefined;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      execFileSync("umount", [path], { stdio: "ignore" });
      rmdirSync(path);
    },
  };
}

/** Makes a file, or adds to it, that takes what room there is, to the last byte. */
export function fillUp(path: string): void {
  const file = openSync(path, "a");
  try {
    for (const size of [1 << 20, 4096, 1])
      for (;;) {
        try {
          writeSync(file, Buffer.alloc(size));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === "ENOSPC") break;
          throw error;
        }
      }
  } finally {
    closeSync(file);
  }
}
