import { dirname, isAbsolute } from "node:path";
import type { Config } from "../define/config.ts";
import { QUARANTINE_COLUMNS } from "../engine/quarantine-columns.ts";
import type { QueryEngine, QuerySession } from "../engine/query-engine.ts";
import { isPinlakeError, PinlakeError } from "../errors.ts";
import type { SnapshotAt, Table } from "../table/table.ts";
import { type ResultTable, resultTable } from "./results.ts";
import { findTable, mentions, pastNames, type TableName } from "./table-names.ts";

export interface QueryParts {
  readonly config: Config;
  readonly engine: QueryEngine;
  readonly openTable: (prefix: string) => Table;
  readonly names: readonly TableName[];
  /** What the query may read. */
  readonly folders: readonly string[];
}

/**
 * Runs one SELECT over the tables, each at one version, with nothing else in reach. A bare dataset name is its batch
 * table, `<namespace>_<dataset>_table` its stream table, both without the position columns; `quarantine` is both arms'.
 * Throws QUERY_FAILED, TABLE_NOT_FOUND, TABLE_VERSION_NOT_FOUND.
 */
export async function* runQuery(parts: QueryParts, sql: string, signal: AbortSignal): AsyncGenerator<ResultTable> {
  await using session = await parts.engine.session({ readOnlyFolders: parts.folders });
  const missing = await defineViews(parts, session, sql);
  try {
    for await (const piece of session.batches(sql, { signal })) yield resultTable(piece);
  } catch (error) {
    const [table] = missing;
    if (table !== undefined && isPinlakeError(error, "QUERY_FAILED") && /does not exist/.test(error.message))
      throw new PinlakeError("TABLE_NOT_FOUND", { table: parts.openTable(table.prefix).location }, { cause: error });
    throw error;
  }
}

/** The rows of one table at one version, every column. */
export async function* readTable(
  table: Table,
  engine: Pick<QueryEngine, "session">,
  { at, signal }: { readonly at: SnapshotAt | undefined; readonly signal: AbortSignal },
): AsyncGenerator<ResultTable> {
  const snapshot = await table.snapshot(at);
  // Files of a shallow clone lie elsewhere.
  const outside = snapshot.files.flatMap(({ path }) => (isAbsolute(path) ? [dirname(path)] : []));
  await using session = await engine.session({ readOnlyFolders: [table.location, ...new Set(outside)] });
  await snapshot.define(session, "asked");
  try {
    for await (const piece of session.batches("SELECT * FROM asked", { signal })) yield resultTable(piece);
  } catch (cause) {
    if (!isPinlakeError(cause, "QUERY_FAILED")) throw cause;
    const reason = `as of version ${snapshot.version}: ${cause.message}`;
    throw new PinlakeError("TABLE_CORRUPT", { table: table.location, file: "a data file", reason }, { cause });
  }
}

/** Makes the views that the query may mean; the tables among them that are not there yet are given back. */
async function defineViews(
  { config, openTable, names }: QueryParts,
  session: QuerySession,
  sql: string,
): Promise<readonly TableName[]> {
  const missing: TableName[] = [];
  const { quote } = session;
  const view = (name: string, select: string) => session.execute(`CREATE OR REPLACE VIEW ${name} AS ${select}`);
  const without = (columns: readonly { readonly name: string }[]) => columns.map(({ name }) => quote(name)).join(", ");
  await session.execute("CREATE SCHEMA batch; CREATE SCHEMA stream; CREATE SCHEMA answers");

  for (const named of names) {
    const { table, schema, prefix, dataset } = named;
    const published = `${config.namespace}_${table}_table`;
    if (!mentions(sql, table) && !(dataset !== undefined && mentions(sql, published))) continue;
    const own = `${schema}.${quote(table)}`;
    const hidden = `${schema}/${table}`;
    const snapshot = await openTable(prefix).find();
    if (snapshot !== undefined) await snapshot.define(session, hidden);
    else if (table === "quarantine") await session.defineRows(hidden, QUARANTINE_COLUMNS, []);
    else {
      missing.push(named);
      continue;
    }
    await view(own, `SELECT * FROM ${quote(hidden)}`);
    if (dataset === undefined) continue;
    const visible = `SELECT ${without(dataset.columns)} FROM ${own}`;
    if (schema === "batch") await view(`main.${quote(table)}`, visible);
    if (schema === "stream") await view(`main.${quote(published)}`, visible);
  }
  if (mentions(sql, "quarantine"))
    await view(
      "main.quarantine",
      (["batch", "stream"] as const)
        .map((arm) => `SELECT ${session.literal(arm)} AS arm, * FROM ${arm}.quarantine`)
        .join(" UNION ALL "),
    );

  for (const { text, table, at } of pastNames(sql)) {
    const { prefix, dataset, name } = findTable(names, table);
    const snapshot = await openTable(prefix).snapshot(at);
    const bare = table !== name && dataset !== undefined;
    await snapshot.define(session, `${text} whole`);
    await view(`main.${quote(text)}`, `SELECT ${bare ? without(dataset.columns) : "*"} FROM ${quote(`${text} whole`)}`);
  }
  return missing;
}
