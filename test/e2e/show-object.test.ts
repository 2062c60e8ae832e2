import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";

const BIN = join(import.meta.dirname, "../../bin/pinlake.js");

it("an object that is no text reaches a pipe byte by byte", async () => {
  await using folder = await tempFolder();
  const key = "topics/t/partition=0/t+0+0000000000.bin";
  const path = join(folder.path, "objects", key);
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 256));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  const args = [BIN, "objects", "show", key, "--data", folder.path];
  const { stdout } = await promisify(execFile)(process.execPath, args, { encoding: "buffer" });
  expect(stdout.equals(bytes)).toBe(true);
});
