import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** What `up.json` says: who holds the folder's lock and, once it listens, where. */
export interface UpFile {
  readonly pid: number;
  readonly gateway?: string;
  readonly console?: string;
}

export function writeUpFile(path: string, up: UpFile): void {
  const temp = `${path}.${up.pid}`;
  writeFileSync(temp, `${JSON.stringify(up)}\n`);
  renameSync(temp, path);
}

/** undefined when there is none, or when it names a process that is gone. */
export function readUpFile(path: string): UpFile | undefined {
  try {
    const up = JSON.parse(readFileSync(path, "utf8")) as UpFile;
    return Number.isInteger(up.pid) && isAlive(up.pid) ? up : undefined;
  } catch {
    return undefined;
  }
}

export function removeUpFile(path: string): void {
  rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
