import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Installs the services once, before the files that use them run side by side. */
export function setup(): void {
  const scripts = join(import.meta.dirname, "../../scripts/services");
  for (const script of readdirSync(scripts).sort()) execFileSync(join(scripts, script), { stdio: ["ignore", 2, 2] });
}
