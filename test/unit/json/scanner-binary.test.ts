import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
// @ts-expect-error plain JavaScript, as all scripts
import { compileScanner } from "../../../scripts/build-scanner.mjs";

const root = join(import.meta.dirname, "../../..");

it("scanner.wasm is what its sources compile to: node scripts/build-scanner.mjs makes it anew", async () => {
  const kept = readFileSync(join(root, "src/json/scanner.wasm"));
  expect(Buffer.from(await compileScanner()).equals(kept)).toBe(true);
});
