import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  conditionProblems,
  datasetSelectProblems,
  portabilityProblems,
  ROW_FUNCTIONS,
  SET_FUNCTIONS,
} from "../../../src/define/portable-sql.ts";

const problemsOf = (select: string, columns = ["a"]) => datasetSelectProblems(select, columns).join("\n");

describe("the portable SQL", () => {
  it("takes a SELECT that gives one row for each row of raw", () => {
    expect(
      problemsOf("-- why\nSELECT CASE WHEN a IN ('x', 'it''s') THEN NULL ELSE filled(a) END AS a FROM raw;\n"),
    ).toBe("");
    expect(problemsOf("select parse_bigint(b) as a, c from raw", ["a", "c"])).toBe("");
  });

  it.each([
    "SELECT a FROM raw WHERE a IS NULL",
    "SELECT DISTINCT a FROM raw",
    "SELECT a FROM raw LIMIT 5",
    "SELECT a FROM raw ORDER BY a",
    "SELECT a FROM raw GROUP BY a",
    "SELECT a FROM raw JOIN b ON true",
    "SELECT a FROM raw, b",
    "SELECT a FROM raw UNION ALL SELECT a FROM raw",
    "SELECT (SELECT 1) AS a FROM raw",
    "WITH raw AS (SELECT 1 AS a) SELECT a FROM raw",
    "SELECT a FROM other",
    "SELECT a",
    "DELETE FROM raw",
    "SELECT a FROM raw; DROP TABLE raw",
    "SELECT max(a) AS a FROM raw",
    "SELECT row_number() OVER () AS a FROM raw",
    "SELECT unnest(a) AS a FROM raw",
    "SELECT read_text('/etc/passwd') AS a FROM raw",
    'SELECT "a" AS a FROM raw',
    "SELECT a::INT AS a FROM raw",
    "SELECT CAST(a AS HUGEINT) AS a FROM raw",
    "SELECT [a] AS a FROM raw",
    "SELECT * FROM raw",
    "SELECT replace(a, '\\', '') AS a FROM raw",
  ])("refuses %s", (select) => {
    expect(problemsOf(select)).not.toBe("");
  });

  it("names columns that are missing and columns that are too many", () => {
    expect(problemsOf("SELECT a, b AS c FROM raw", ["a", "b"])).toBe(
      'column "b" is declared, but the SELECT does not give it\ncolumn "c" is not declared; known: a, b',
    );
  });

  it("takes conditions over columns, and no queries", () => {
    expect(conditionProblems("raw.age IS NOT NULL AND age NOT BETWEEN 0 AND 150")).toEqual([]);
    expect(conditionProblems("age IN (SELECT 1)")).not.toEqual([]);
    expect(conditionProblems("count(age) > 1")).not.toEqual([]);
  });

  it("lets answers group, join and rank, and nothing that one engine alone knows", () => {
    const functions = [...ROW_FUNCTIONS, ...SET_FUNCTIONS];
    const answer = (sql: string) => portabilityProblems(sql, functions);
    expect(
      answer(
        "WITH x AS (SELECT count(*) AS n, rank() OVER (ORDER BY a) AS r FROM t JOIN u ON (t.a = u.a)) SELECT n FROM x",
      ),
    ).toEqual([]);
    expect(answer("SELECT a FROM t QUALIFY row_number() OVER () = 1")).not.toEqual([]);
    expect(answer("SELECT quantile_cont(a, 0.5) FROM t")).not.toEqual([]);
    expect(answer("SELECT a FROM t WHERE a = $1")).not.toEqual([]);
  });

  it("is what docs/reference/sql.md lists", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/reference/sql.md"), "utf8");
    const cells = [...page.matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => cell ?? "");
    const documented = cells.flatMap((cell) => [...cell.matchAll(/`([a-z_]+)/g)].map(([, name]) => name ?? ""));
    expect(documented.toSorted()).toEqual([...ROW_FUNCTIONS, ...SET_FUNCTIONS].toSorted());
  });
});
