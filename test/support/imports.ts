import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export interface Import {
  /** Paths from the project's root. */
  readonly from: string;
  readonly to: string;
  readonly dynamic: boolean;
  readonly typeOnly: boolean;
}

/** Every TypeScript file below a folder, as paths from the project's root. */
export function sourceFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

const STATIC = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** The relative imports of a file. */
export function importsOf(root: string, file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const found: Import[] = [];
  const add = (specifier: string, dynamic: boolean, typeOnly: boolean) => {
    if (!specifier.startsWith(".")) return;
    found.push({ from: file, to: relative(root, join(root, dirname(file), specifier)), dynamic, typeOnly });
  };
  for (const [, type, specifier] of text.matchAll(STATIC)) add(specifier ?? "", false, type !== undefined);
  for (const [, specifier] of text.matchAll(DYNAMIC)) add(specifier ?? "", true, false);
  return found;
}
