// Installs what a fresh clone lacks. Plain JavaScript for any Node since 18; quick when there is nothing to do.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const reason = whatIsMissing();
if (reason !== undefined) {
  console.error(`pinlake setup: ${reason}; running npm ci (once, well under a minute on a usual line)`);
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status, error } = spawnSync(npm, ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    // npm's own words belong to progress, not to the document that a command prints.
    stdio: ["inherit", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error(`pinlake setup: npm ci failed${error ? `: ${error.message}` : ""}. Mend what it says and try again.`);
    process.exit(status ?? 69);
  }
  const left = whatIsMissing();
  if (left !== undefined) {
    console.error(`pinlake setup: after npm ci ${left}. Run \`npm rebuild\` here and try again.`);
    process.exit(69);
  }
}

/** Compares what npm says it installed with the lock file, so that no time stamp can mislead. */
function whatIsMissing() {
  const installed = read("node_modules/.package-lock.json");
  if (installed === undefined) return "node_modules is not there";
  const locked = read("package-lock.json");
  if (locked === undefined) return undefined;
  for (const [path, entry] of Object.entries(locked.packages)) {
    if (path === "" || entry.optional || entry.peer || entry.link) continue;
    const found = installed.packages[path];
    if (found === undefined) return `${path} is not installed`;
    if (found.version !== entry.version) return `${path} is ${found.version}, the lock file says ${entry.version}`;
  }
  const pinned = process.platform === "win32" ? "node_modules/node/bin/node.exe" : "node_modules/node/bin/node";
  return existsSync(`${root}${pinned}`) ? undefined : "the pinned Node is not there";
}

function read(path) {
  try {
    return JSON.parse(readFileSync(`${root}${path}`, "utf8"));
  } catch {
    return undefined;
  }
}
