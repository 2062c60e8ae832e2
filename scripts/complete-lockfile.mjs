// A registry that lacks some platforms' binaries makes npm write a lock file without them; `npm ci` then refuses it, and
// users of those platforms would get no binary. This adds the missing optional entries, and removes download addresses.
// Usage: node scripts/complete-lockfile.mjs [--check] [FILE]
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

/** The optional dependencies of locked packages that have no entry, as `{path, name, version, parent}`. */
export function missingOptional(lock) {
  const missing = [];
  for (const [parent, entry] of Object.entries(lock.packages)) {
    if (parent === "") continue;
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (candidates(parent, name).some((path) => path in lock.packages)) continue;
      missing.push({ path: `node_modules/${name}`, name, version, parent });
    }
  }
  return missing;
}

/** Where Node would look for `name` from the package at `parent`. */
function candidates(parent, name) {
  const paths = [];
  for (let at = parent; ; at = at.slice(0, at.lastIndexOf("node_modules/")).replace(/\/$/, "")) {
    paths.push(at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`);
    if (at === "") return paths;
  }
}

export function complete(lock) {
  const packages = { ...lock.packages };
  for (const { path, name, version, parent } of missingOptional(lock)) {
    if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${parent} asks for ${name}@${version}, which is no version`);
    const { dev, peer } = lock.packages[parent];
    packages[path] = {
      version,
      ...platformOf(name),
      ...(dev ? { dev } : {}),
      optional: true,
      ...(peer ? { peer } : {}),
    };
  }
  for (const [path, { resolved: _, ...entry }] of Object.entries(packages)) packages[path] = entry;
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return { ...lock, packages: sorted };
}

/** Platform packages say in their name what they are for: `…-linux-arm64-musl`. */
export function platformOf(name) {
  const words = name.replace(/^@[^/]+\//, "").split("-");
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`cannot tell from its name what ${name} is for`);
  const musl = words.some((word) => word.startsWith("musl"));
  const gnu = words.some((word) => word.startsWith("gnu"));
  return { cpu, ...(os[0] === "linux" && (musl || gnu) ? { libc: [musl ? "musl" : "glibc"] } : {}), os };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const file =
    args.find((arg) => !arg.startsWith("-")) ?? fileURLToPath(new URL("../package-lock.json", import.meta.url));
  const before = readFileSync(file, "utf8");
  const lock = JSON.parse(before);
  const missing = missingOptional(lock);
  const after = `${JSON.stringify(complete(lock), null, 2)}\n`;
  if (args.includes("--check")) {
    for (const { name, version, parent } of missing) console.error(`${parent}: ${name}@${version} has no entry`);
    process.exit(missing.length === 0 && after === before ? 0 : 1);
  }
  if (after !== before) writeFileSync(file, after);
  console.log(`${file}: ${missing.length} entries added`);
}
