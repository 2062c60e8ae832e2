import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Has tests of its own, which install it: `npm run test:spark`. */
const LARGE = "spark.sh";

/** Installs the services once, before the files that use them run side by side. */
export function setup(): void {
  const scripts = join(import.meta.dirname, "../../scripts/services");
  for (const script of readdirSync(scripts).sort())
    if (script !== LARGE) execFileSync(join(scripts, script), { stdio: ["ignore", 2, 2] });
}
