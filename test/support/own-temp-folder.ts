import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder of the run's own: what simulated crashes and tables that nobody closes leave behind goes with it. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "pinlake-run-"));
  chmodSync(folder, 0o755); // some tests run as another user
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
