import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
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
