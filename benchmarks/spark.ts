import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COUNT, SPACE } from "../src/engine/duckdb/prelude.ts";
import { type SparkAnswer, startSpark } from "../test/services/spark/spark-service.ts";

const DRIVER_MEMORY = "4g";

/** What figures call the peer. */
export const SPARK = `Spark local[2] with ${DRIVER_MEMORY}`;

export const SPARK_IS_ABSENT = "ABSENT, install it with scripts/services/spark.sh";

export interface SparkPeer extends AsyncDisposable {
  /** Throws what Spark says against the statement. */
  run(sql: string): Promise<(string | null)[][]>;
  /** The most that its JVM has been resident with. */
  residentMb(): number;
}

/** A Spark as somebody who tunes a notebook has it, if scripts/services/spark.sh has installed it. */
export async function openSpark(): Promise<SparkPeer | undefined> {
  if (globSync(join(import.meta.dirname, "../.services/spark-*/ready")).length === 0) {
    console.error("   Spark is not here: scripts/services/spark.sh installs it. What follows has no peer beside it.");
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-spark-"));
  const spark = startSpark(folder, {
    "spark.driver.memory": DRIVER_MEMORY,
    "spark.local.dir": folder,
    // Of a cluster's 200 and 50 most would be empty here.
    "spark.sql.shuffle.partitions": "4",
    "spark.databricks.delta.snapshotPartitions": "2",
  });
  return {
    async run(sql) {
      const answer = await spark.ask<SparkAnswer>({ sql });
      if ("error" in answer) throw new Error(`${sql}: ${answer.error}`);
      return answer.rows;
    },
    residentMb: () =>
      Math.max(
        ...familyOf(spark.pid ?? 0)
          .map(peakResidentMb)
          .filter(Number.isFinite),
      ),
    async [Symbol.asyncDispose]() {
      await spark[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The most that a running process has been resident with; NaN for one that has ended. */
export function peakResidentMb(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** A process and what it has started: the JVM is a child of Python. */
function familyOf(pid: number): number[] {
  const children = globSync(`/proc/${pid}/task/*/children`).flatMap((path) =>
    readFileSync(path, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(familyOf)];
}

const ESCAPED_SPACE = [...SPACE].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

/** Of the functions of docs/reference/sql.md those that pins are cleaned with. As in our engine, common shapes come first. */
export const SPARK_FUNCTIONS = [
  "blank(s STRING) RETURNS BOOLEAN RETURN CASE WHEN s >= '!' AND s < '~' THEN false " +
    `ELSE trim(LEADING '${ESCAPED_SPACE}' FROM s) = '' END`,
  "filled(s STRING) RETURNS STRING RETURN CASE WHEN s >= '!' AND s < '~' THEN s " +
    `WHEN trim(LEADING '${ESCAPED_SPACE}' FROM s) <> '' THEN s END`,
  "without_prefix(s STRING, prefix STRING) RETURNS STRING RETURN " +
    "CASE WHEN startswith(s, prefix) THEN substr(s, length(prefix) + 1) ELSE s END",
  "parse_bigint(s STRING) RETURNS BIGINT RETURN CASE WHEN s RLIKE r'^-?[0-9]{1,18}\\z' THEN CAST(s AS BIGINT) END",
  // Of 21 digits and a fraction of six the product is exact: anything longer is beyond 2^53.
  "_unusual_count(s STRING) RETURNS BIGINT RETURN " +
    `try_cast(floor(try_cast(concat(replace(regexp_extract(s, '^${COUNT}$', 1), ',', ''), '.', ` +
    `rpad(regexp_extract(s, '^${COUNT}$', 2), 6, '0')) AS DECIMAL(27, 6)) * ` +
    `CAST(CASE lower(regexp_extract(s, '^${COUNT}$', 3)) WHEN 'k' THEN 1000 WHEN 'm' THEN 1000000 ` +
    "WHEN 'b' THEN 1000000000 ELSE 1 END AS DECIMAL(10, 0)) + 0.5) AS BIGINT)",
  "parse_count(s STRING) RETURNS BIGINT RETURN CASE WHEN s RLIKE r'^[0-9]{1,15}\\z' THEN CAST(s AS BIGINT) " +
    "WHEN s RLIKE r'^[0-9]{1,9}k\\z' THEN CAST(left(s, length(s) - 1) AS BIGINT) * 1000 " +
    "WHEN s RLIKE r'^[0-9]{1,9}M\\z' THEN CAST(left(s, length(s) - 1) AS BIGINT) * 1000000 " +
    `WHEN trim(BOTH '${ESCAPED_SPACE}' FROM s) RLIKE r'^${COUNT}\\z' ` +
    `AND _unusual_count(trim(BOTH '${ESCAPED_SPACE}' FROM s)) <= 9007199254740992 ` +
    `THEN _unusual_count(trim(BOTH '${ESCAPED_SPACE}' FROM s)) END`,
].map((definition) => `CREATE OR REPLACE TEMPORARY FUNCTION ${definition}`);
