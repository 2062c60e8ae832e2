import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The lines of the README's `sh` blocks, in order. */
function commands(): string[] {
  const blocks = readFileSync(join(root, "README.md"), "utf8").matchAll(/^```sh\n(.*?)^```$/gms);
  return [...blocks].flatMap(([, block]) => block?.trim().split("\n") ?? []);
}

describe("the README", () => {
  it("shows commands that work as they are written, one after the other", async () => {
    await using folder = await tempFolder();
    const env = {
      ...process.env,
      PINLAKE_DATA: join(folder.path, "data"),
      PINLAKE_GATEWAY_PORT: "0",
      PINLAKE_CONSOLE_PORT: "0",
    };
    expect(commands().length).toBeGreaterThan(5);
    for (const command of commands()) {
      const { stdout } = await run("bash", ["-c", command], { cwd: root, env, maxBuffer: 64 << 20 });
      expect(stdout, command).not.toBe("");
    }
  });

  it("links only to pages that exist", () => {
    for (const page of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/decisions/README.md"]) {
      for (const [, link] of readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)#:]+)\)/g)) {
        expect(() => readFileSync(join(root, page, "..", link ?? "")), `${page}: ${link}`).not.toThrow(/ENOENT/);
      }
    }
  });
});
