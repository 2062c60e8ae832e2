import { randomUUID } from "node:crypto";
import type { QueryOptions, QuerySession } from "../../../engine/query-engine.ts";
import type { StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { Commit, MergeOptions, RowFiles, Rows } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { evolvedMetaData } from "../definition/evolve.ts";
import { keepsChanges, type ReplacedRows, withRowsOf } from "../files/change-data.ts";
import { type NewFiles, withNewFiles } from "../files/new-files.ts";
import { checkColumns, inSchemaOrder, selectColumns } from "../files/rows.ts";
import { withScratch } from "../files/scratch.ts";
import { mayHold, storedRows } from "../files/skipping.ts";
import { takeOut } from "../files/take-out.ts";
import { fileKey } from "../log/actions.ts";
import { begin, checkMayRemove, commit } from "../log/commit.ts";
import { parseSchema } from "../log/state.ts";
import { sourceRanges } from "./key-ranges.ts";
import { type MergeNames, matchSource, NO_MATCHES } from "./match.ts";
import { commitResult, filesOf, mergeMetrics, withConfiguration } from "./result.ts";

/**
 * Source rows that are new, or take the place of stored ones, go into new files. A source row takes the place of all stored rows with its key, and only if
 * `replaceWhen` is true for every one of them. Rows with a NULL in their key match nothing.
 */
export async function merge(context: TableContext, rows: Rows | RowFiles, options: MergeOptions): Promise<Commit> {
  const { session } = rows;
  const { key, signal, txns = [] } = options;
  const base = await begin(context, options);
  const evolved = options.mergeSchema ? await evolvedMetaData(context, base, rows) : undefined;
  const metaData = evolved ?? base.metaData;
  const schema = evolved === undefined ? base.schema : parseSchema(evolved);
  const id = randomUUID();
  const names: MergeNames = { source: `source_${id}`, matched: `matched_${id}`, refused: `refused_${id}` };
  const run = { ...(signal === undefined ? {} : { signal }) };
  const q = session.quote;
  const inFiles = "files" in rows;
  const scratch = inFiles
    ? { tables: [names.matched, names.refused], views: [names.source] }
    : { tables: Object.values(names) };
  return withScratch(session, scratch, async () => {
    await defineSource(context, rows, names.source, schema, run);
    await checkUnique(context, session, names.source, key);
    const ranges = await sourceRanges(
      session,
      { name: names.source, columns: schema.fields },
      sameColumns(key),
      schema,
    );
    const files = [...base.files.values()].filter((add) => mayHold(add, ranges, schema));
    const matches =
      files.length === 0
        ? NO_MATCHES
        : await matchSource(context, session, names, { files, schema, key, replaceWhen: options.replaceWhen, signal });

    if (matches.leaving.length > 0) checkMayRemove(context, metaData);

    return withNewFiles(context, async (written) => {
      const write = { schema, metaData, signal };
      const taken =
        matches.refused > 0
          ? ` WHERE NOT EXISTS (SELECT 1 FROM ${q(names.refused)} AS r WHERE ${equal(session, key, "r", "s")})`
          : "";
      const winners = selectColumns(session, schema, `(SELECT * FROM ${q(names.source)} AS s${taken})`);
      const brought =
        inFiles && taken === ""
          ? await written.bring(rows, write)
          : await written.bring({ session, sql: winners }, write);
      const gone = await takeOut(context, session, written, { base, leaving: matches.leaving, write });
      if (keepsChanges(base) && matches.leaving.length > 0)
        await writeMerged(context, session, written, {
          matched: names.matched,
          key,
          leaving: matches.leaving,
          brought,
          write,
        });
      const stored = storedRows(brought);
      const counts = {
        inserted: stored - matches.replacing,
        replaced: matches.leaving.reduce((sum, { rows }) => sum + rows.length, 0),
        kept: matches.refused,
        deleted: 0,
      };
      const read = new Set(files.map(fileKey));
      const after = await commit(context, {
        base,
        operation: "MERGE",
        operationParameters: { predicate: JSON.stringify(key.map((k) => `source.${k} = target.${k}`)) },
        metrics: {
          ...mergeMetrics(written, gone, { counts, source: stored + counts.kept, stored }),
          ...options.metrics?.(counts),
        },
        reads: { kind: "rows", files: read, mayHold: (other) => mayHold(other, ranges, schema) },
        ...filesOf(written, gone),
        txns,
        metaData: withConfiguration(metaData, options) ?? evolved,
        signal,
      });
      return commitResult(after.version, counts, { ...gone, rows: brought });
    });
  });
}

/** What became of which rows: whoever took a stored row's place is what it is now. */
function writeMerged(
  context: TableContext,
  session: QuerySession,
  written: NewFiles,
  {
    matched,
    key,
    leaving,
    brought,
    write,
  }: ReplacedRows & { readonly matched: string; readonly key: readonly string[] },
): Promise<void> {
  const took = `EXISTS (SELECT 1 FROM ${session.quote(matched)} AS m WHERE ${equal(session, key, "m", "t")})`;
  return withRowsOf(context, session, { files: leaving, write }, (gone) =>
    withRowsOf(context, session, { files: brought, write }, (come) =>
      written.writeChanges(
        session,
        [
          { type: "update_preimage", sql: `SELECT * FROM ${gone}` },
          { type: "update_postimage", sql: `SELECT * FROM ${come} AS t WHERE ${took}` },
          { type: "insert", sql: `SELECT * FROM ${come} AS t WHERE NOT ${took}` },
        ],
        write,
      ),
    ),
  );
}

/** The source's rows, with the table's columns: where they lie in files, only what is asked for is read. */
async function defineSource(
  { location }: TableContext,
  rows: Rows | RowFiles,
  name: string,
  schema: StructType,
  run: QueryOptions,
): Promise<void> {
  const { session } = rows;
  if ("files" in rows) {
    checkColumns(rows, schema, location);
    await session.defineParquet(name, schema.fields, rows.files);
  } else {
    const select = await inSchemaOrder(rows, schema, location);
    await session.execute(`CREATE TEMPORARY TABLE ${session.quote(name)} AS ${select}`, run);
  }
}

const sameColumns = (key: readonly string[]) => key.map((column) => ({ source: column, target: column }));

export const equal = (session: QuerySession, key: readonly string[], a: string, b: string): string =>
  key.map((column) => `${a}.${session.quote(column)} = ${b}.${session.quote(column)}`).join(" AND ");

async function checkUnique({ location }: TableContext, session: QuerySession, source: string, key: readonly string[]) {
  const columns = key.map(session.quote);
  const { rows } = await session.query(
    `SELECT ${columns.join(", ")} FROM ${session.quote(source)} WHERE ${columns.map((c) => `${c} IS NOT NULL`).join(" AND ")} GROUP BY ${columns.join(", ")} HAVING count(*) > 1 LIMIT 1`,
  );
  const [repeated] = rows;
  if (repeated !== undefined)
    throw new PinlakeError("MERGE_AMBIGUOUS", { table: location, key: repeated.map(String).join(", ") });
}
