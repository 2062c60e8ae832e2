import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** What is known of a real table. */
export interface RealCase {
  readonly name: string;
  /** `files`: its data files are not there, only its log. */
  readonly expect: "rows" | "files" | "error";
  readonly why?: string;
  readonly versions: readonly number[];
  readonly rowsByVersion?: Readonly<Record<string, number | null>>;
  /** Paths of its data files, decoded. */
  readonly files?: readonly string[];
}

export interface RealTable extends RealCase {
  /** The table's folder, which may be changed: it is a copy. */
  readonly folder: string;
  /** Its rows as JSON lines; 64-bit numbers as strings. */
  readonly expected: string | undefined;
}

export interface RealTables extends Disposable {
  readonly tables: readonly RealTable[];
}

const root = join(import.meta.dirname, "../..");

/** Real Delta tables by several writers, unpacked: in PINLAKE_REAL_DATA, else beside the clone; none, loudly, if not there. */
export function realDeltaTables(): RealTables {
  const archive = resolve(root, process.env.PINLAKE_REAL_DATA ?? "../shared/data", "delta-tables.tar.gz");
  if (!existsSync(archive)) {
    process.stderr.write(`REAL DELTA TABLES NOT TESTED: there is no ${archive}. Set PINLAKE_REAL_DATA.\n`);
    return { tables: [], [Symbol.dispose]: () => {} };
  }
  const folder = mkdtempSync(join(tmpdir(), "pinlake-real-delta-"));
  execFileSync("tar", ["-xzf", archive, "-C", folder]);
  const tables = readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "case.json")))
    .map((name): RealTable => {
      const expected = join(folder, name, "expected.ndjson");
      return {
        ...(JSON.parse(readFileSync(join(folder, name, "case.json"), "utf8")) as RealCase),
        folder: join(folder, name, "delta"),
        expected: existsSync(expected) ? readFileSync(expected, "utf8") : undefined,
      };
    });
  return { tables, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
