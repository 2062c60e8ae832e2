// Loaded before a program: the syncs that WITHOUT_SYNC names say that they are done, and do nothing.
import fs from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

if (process.env.WITHOUT_SYNC === "log") {
  const calls = fs as { fdatasync: (fd: number, done: (error: null) => void) => void };
  calls.fdatasync = (_fd, done) => void setImmediate(done, null);
  syncBuiltinESMExports();
} else {
  await using handle = await open(import.meta.filename);
  const handles = Object.getPrototypeOf(handle) as { datasync: () => Promise<void> };
  handles.datasync = async () => {};
}
