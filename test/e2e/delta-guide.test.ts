import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The guide's examples, each with what it says that they print. */
function examples() {
  const page = readFileSync(join(root, "docs/guide/delta.md"), "utf8");
  const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text = ""]) => ({ language, text }));
  return blocks.flatMap(({ language, text }, i) => {
    const next = blocks[i + 1];
    if (language === "text") return [];
    return [{ language, text, prints: next?.language === "text" ? next.text : undefined }];
  });
}

describe("the guide to Delta tables", { timeout: 120_000 }, () => {
  it("has examples that do what it says, one after the other", async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, "node_modules"));
    await symlink(root, join(folder.path, "node_modules/pinlake"));
    const all = examples();
    expect(all.length).toBeGreaterThan(3);
    for (const { language, text, prints } of all) {
      const ofTable = { cwd: folder.path };
      if (language === "ts") await writeFile(join(folder.path, "example.mts"), text);
      const { stdout } =
        language === "ts"
          ? await run(process.execPath, ["--conditions=pinlake-source", "example.mts"], ofTable)
          : await run("bash", ["-ec", `pinlake() { "$NODE" "$PINLAKE" "$@"; }\n${text}`], {
              ...ofTable,
              env: { ...process.env, NODE: process.execPath, PINLAKE: join(root, "bin/pinlake.js") },
            });
      if (prints !== undefined) expect(stdout, text).toBe(prints);
    }
  });
});
