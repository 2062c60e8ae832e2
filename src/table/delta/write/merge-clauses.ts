import type { QuerySession } from "../../../engine/query-engine.ts";
import type { StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import { ownValue } from "../../../own-value.ts";
import type { MergeIntoOptions, MergeValues } from "../../table.ts";
import { FILE_NUMBER, ROW_NUMBER } from "../files/define-files.ts";

/** Tables of a merge in the caller's session. */
export interface MergedNames {
  /** The new rows, numbered. */
  readonly source: string;
  /** The stored rows that may meet one, with FILE_NUMBER and ROW_NUMBER. */
  readonly target: string;
  /** Source and stored rows that meet, each as a struct of its columns, and which clause counts. */
  readonly pairs: string;
  /** Source rows that meet no stored one, and which clause counts. */
  readonly newcomers: string;
  /** Stored rows that meet no source row, and which clause counts. */
  readonly unmatched: string;
  /** Rows that come in, and whether they are new. */
  readonly changed: string;
}

/** The statements of a merge. */
export interface Clauses {
  source(sql: string): string;
  /** What each clause sets, as it is given. */
  readonly given: readonly string[];
  /** Makes the other tables. */
  readonly match: string;
  /** A stored row that more than one source row changes, if there is one. */
  readonly ambiguous: string;
  /** A relation of FILE_NUMBER and ROW_NUMBER. */
  readonly leaving: string;
  readonly comingIn: string;
  /** One row: source rows, inserted, updated, deleted. */
  readonly counts: string;
  readonly changes: Readonly<Record<"deleted" | "before" | "after" | "inserted", string>>;
  /** For the table's history. */
  readonly parameters: Readonly<Record<string, string>>;
}

const [SOURCE_ROW, CLAUSE, IS_NEW] = ["_pinlake_source", "_pinlake_clause", "_pinlake_new"];

type Matched = NonNullable<MergeIntoOptions["whenMatched"]>[number];
type BySource = NonNullable<MergeIntoOptions["whenNotMatchedBySource"]>[number];

/** Throws USAGE, and SCHEMA_MISMATCH for a column that the table or the source does not have. */
export function checkClauses(table: string, { schema: { fields }, sourceColumns, options }: MergeDefinition): void {
  const { whenMatched = [], whenNotMatched = [], whenNotMatchedBySource = [] } = options;
  const mismatch = (column: string, found: string, expected: string) =>
    new PinlakeError("SCHEMA_MISMATCH", { table, column, found, expected });
  const has = (names: readonly string[], column: string) =>
    names.some((name) => name.toLowerCase() === column.toLowerCase());
  const columns = fields.map(({ name }) => name);
  const updates = [...whenMatched, ...whenNotMatchedBySource].map(valuesOf);
  for (const values of [...updates, ...whenNotMatched.map(({ insert }) => insert)]) {
    const all = values === "all" && options.mergeSchema !== true;
    const lacking = all ? columns.find((column) => !has(sourceColumns, column)) : undefined;
    if (lacking !== undefined) throw mismatch(lacking, "no such column in the source", "one, as a clause takes all");
    const unknown = Object.keys(values === "all" ? {} : (values ?? {})).find((column) => !columns.includes(column));
    if (unknown !== undefined) throw mismatch(unknown, "a value", "no such column");
  }
  if (has(sourceColumns, SOURCE_ROW)) throw mismatch(SOURCE_ROW, "a column of the source", "another name for it");
  if (whenMatched.length + whenNotMatched.length + whenNotMatchedBySource.length === 0)
    throw new PinlakeError("USAGE", {
      message: `${table}: a merge needs a clause: whenMatched, whenNotMatched or whenNotMatchedBySource.`,
    });
}

const valuesOf = (clause: Matched | BySource): MergeValues | undefined =>
  "update" in clause ? clause.update : undefined;

export interface MergeDefinition {
  readonly schema: StructType;
  readonly sourceColumns: readonly string[];
  readonly options: MergeIntoOptions;
}

/**
 * How a merge is done. Rows are kept as structs named `source` and `target`, so that clauses speak of `source.column` and
 * `target.column` wherever they are asked.
 */
export function mergeClauses(
  session: QuerySession,
  names: MergedNames,
  { schema, sourceColumns, options }: MergeDefinition,
): Clauses {
  const { on, whenMatched = [], whenNotMatched = [], whenNotMatchedBySource = [] } = options;
  const q = session.quote;
  const [source, target, pairs] = [q(names.source), q(names.target), q(names.pairs)];
  const [newcomers, unmatched, changed] = [q(names.newcomers), q(names.unmatched), q(names.changed)];
  const [sourceRow, clause, isNew] = [q(SOURCE_ROW), q(CLAUSE), q(IS_NEW)];
  const place = [FILE_NUMBER, ROW_NUMBER].map((name) => `target.${q(name)}`).join(", ");
  /** Clauses are numbered by kind: those that update from 0, those that delete from -1 downwards. */
  const number = (one: Matched | BySource | { readonly insert: MergeValues }, i: number) =>
    "delete" in one ? -1 - i : i;
  const choice = (
    clauses: readonly (Matched | BySource | { readonly when?: string; readonly insert: MergeValues })[],
  ) =>
    clauses.length === 0
      ? "CAST(NULL AS INTEGER)"
      : `CASE ${clauses.map((one, i) => `WHEN (${one.when ?? "TRUE"}\n) IS TRUE THEN ${number(one, i)}`).join(" ")} END`;
  const columns = schema.fields.map(({ name }) => q(name)).join(", ");
  const inSource = new Set(sourceColumns.map((column) => column.toLowerCase()));
  const setTo = (set: MergeValues, column: string): string | undefined => {
    if (set !== "all") return ownValue(set, column);
    return inSource.has(column.toLowerCase()) ? `source.${q(column)}` : undefined;
  };
  const values = (given: MergeValues, otherwise: (column: string) => string): string =>
    schema.fields
      .map(({ name, type }) => {
        const value = setTo(given, name) ?? otherwise(q(name));
        return `CAST((${value}\n) AS ${session.typeName(type)}) AS ${q(name)}`;
      })
      .join(", ");

  const given = (set: MergeValues | undefined, from: string): string[] => {
    const columns = schema.fields.flatMap(({ name }) => {
      const value = setTo(set ?? {}, name);
      return value === undefined ? [] : [`(${value}\n) AS ${q(name)}`];
    });
    return columns.length === 0 ? [] : [`SELECT ${columns.join(", ")} FROM ${from}`];
  };
  const kept = (column: string) => `target.${column}`;
  const updates = (from: string, clauses: readonly (Matched | BySource)[]) =>
    clauses.flatMap((one, i) => {
      const given = valuesOf(one);
      return given === undefined
        ? []
        : [`SELECT ${values(given, kept)}, FALSE AS ${isNew} FROM ${from} WHERE ${clause} = ${i}`];
    });
  const inserts = whenNotMatched.map(
    ({ insert }, i) =>
      `SELECT ${values(insert, () => "NULL")}, TRUE AS ${isNew} FROM ${newcomers} WHERE ${clause} = ${i}`,
  );
  const incoming = [...updates(pairs, whenMatched), ...updates(unmatched, whenNotMatchedBySource), ...inserts];
  const nothing = `SELECT ${values({}, () => "NULL")}, FALSE AS ${isNew} WHERE FALSE`;
  const stored = `(SELECT target, ${clause} FROM ${pairs} UNION ALL SELECT target, ${clause} FROM ${unmatched})`;
  const struct = (side: string, names: readonly string[]) =>
    `struct_pack(${names.map((name) => `${q(name)} := ${side}.${q(name)}`).join(", ")}) AS ${side}`;
  const sourceStruct = struct("source", [...sourceColumns, SOURCE_ROW]);
  const targetStruct = struct("target", [...schema.fields.map(({ name }) => name), FILE_NUMBER, ROW_NUMBER]);
  const before = (which: string) =>
    `SELECT DISTINCT ON (${place}) ${schema.fields.map(({ name }) => `target.${q(name)} AS ${q(name)}`).join(", ")} FROM ${stored} AS s WHERE ${which}`;

  return {
    source: (sql) =>
      `CREATE TEMPORARY TABLE ${source} AS SELECT *, row_number() OVER () AS ${sourceRow} FROM (${sql}) AS s`,
    given: [
      ...whenMatched.flatMap((one) => given(valuesOf(one), `${target} AS target, ${source} AS source`)),
      ...whenNotMatched.flatMap(({ insert }) => given(insert, `${source} AS source`)),
      ...whenNotMatchedBySource.flatMap((one) => given(valuesOf(one), `${target} AS target`)),
    ],
    match: [
      `CREATE TEMPORARY TABLE ${pairs} AS SELECT ${targetStruct}, ${sourceStruct}, ${choice(whenMatched)} AS ${clause}
         FROM ${target} AS target JOIN ${source} AS source ON (${on}\n)`,
      `CREATE TEMPORARY TABLE ${newcomers} AS SELECT ${sourceStruct}, ${choice(whenNotMatched)} AS ${clause}
         FROM ${source} AS source WHERE ${sourceRow} NOT IN (SELECT p.source.${sourceRow} FROM ${pairs} AS p)`,
      `CREATE TEMPORARY TABLE ${unmatched} AS SELECT ${targetStruct}, ${choice(whenNotMatchedBySource)} AS ${clause}
         FROM ${target} AS target ANTI JOIN (SELECT p.target.${q(FILE_NUMBER)} AS f, p.target.${q(ROW_NUMBER)} AS r FROM ${pairs} AS p) AS met
           ON met.f = target.${q(FILE_NUMBER)} AND met.r = target.${q(ROW_NUMBER)} WHERE ${whenNotMatchedBySource.length > 0}`,
      `CREATE TEMPORARY TABLE ${changed} AS ${incoming.length === 0 ? nothing : incoming.join("\nUNION ALL ")}`,
    ].join(";\n"),
    ambiguous: `SELECT ${schema.fields.map(({ name }) => `any_value(target.${q(name)})`).join(", ")} FROM ${pairs}
      WHERE ${clause} IS NOT NULL GROUP BY ${place} HAVING count(*) > 1 AND max(${clause}) >= 0 LIMIT 1`,
    leaving: `(SELECT ${[FILE_NUMBER, ROW_NUMBER].map((name) => `target.${q(name)} AS ${q(name)}`).join(", ")}
      FROM ${stored} AS s WHERE ${clause} IS NOT NULL) AS l`,
    comingIn: `SELECT ${columns} FROM ${changed}`,
    counts: `SELECT (SELECT count(*) FROM ${source}), (SELECT count(*) FROM ${changed} WHERE ${isNew}),
      (SELECT count(*) FROM ${changed} WHERE NOT ${isNew}), (SELECT count(*) FROM (${before(`${clause} < 0`)}) AS d)`,
    changes: {
      deleted: before(`${clause} < 0`),
      before: before(`${clause} >= 0`),
      after: `SELECT ${columns} FROM ${changed} WHERE NOT ${isNew}`,
      inserted: `SELECT ${columns} FROM ${changed} WHERE ${isNew}`,
    },
    parameters: {
      matchedPredicates: described(whenMatched),
      notMatchedPredicates: JSON.stringify(
        whenNotMatched.map(({ when }) => ({ predicate: when, actionType: "insert" })),
      ),
      notMatchedBySourcePredicates: described(whenNotMatchedBySource),
    },
  };
}

const described = (clauses: readonly (Matched | BySource)[]): string =>
  JSON.stringify(clauses.map((one) => ({ predicate: one.when, actionType: "delete" in one ? "delete" : "update" })));
