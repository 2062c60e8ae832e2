import { randomUUID } from "node:crypto";
import type { QueryOptions, QuerySession } from "../../../engine/query-engine.ts";
import { PinlakeError } from "../../../errors.ts";
import type { Commit, MergeIntoOptions, Rows } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { evolvedMetaData } from "../definition/evolve.ts";
import { type ChangedRows, keepsChanges } from "../files/change-data.ts";
import { defineFiles, FILE_NUMBER, ROW_NUMBER } from "../files/define-files.ts";
import { withNewFiles } from "../files/new-files.ts";
import { checkDistinct, checkFitting } from "../files/rows.ts";
import { withScratch } from "../files/scratch.ts";
import { mayHold, storedRows } from "../files/skipping.ts";
import { takeOut } from "../files/take-out.ts";
import { fileKey } from "../log/actions.ts";
import { begin, checkMayRemove, commit } from "../log/commit.ts";
import { parseSchema } from "../log/state.ts";
import { equalColumns, sourceRanges } from "./key-ranges.ts";
import { type Clauses, checkClauses, type MergedNames, mergeClauses } from "./merge-clauses.ts";
import { commitResult, filesOf, mergeMetrics, withConfiguration } from "./result.ts";
import { rowsByFile } from "./rows-where.ts";

/**
 * Each pair of a source and a stored row that meet, each stored row that meets none, and each source row that meets none gets
 * the first clause that fits; then rows leave and come in by these.
 */
export async function mergeInto(context: TableContext, rows: Rows, options: MergeIntoOptions): Promise<Commit> {
  const { session } = rows;
  const { signal, txns = [] } = options;
  const base = await begin(context, options);
  const evolved = options.mergeSchema && takesAll(options) ? await evolvedMetaData(context, base, rows) : undefined;
  const metaData = evolved ?? base.metaData;
  const schema = evolved === undefined ? base.schema : parseSchema(evolved);
  const columns = await session.describe(rows.sql);
  checkDistinct(columns, context.location);
  const sourceColumns = columns.map(({ name }) => name);
  checkClauses(context.location, { schema, sourceColumns, options });
  const id = randomUUID();
  const names: MergedNames = {
    source: `source_${id}`,
    target: `target_${id}`,
    pairs: `pairs_${id}`,
    newcomers: `newcomers_${id}`,
    unmatched: `unmatched_${id}`,
    changed: `changed_${id}`,
  };
  const { target, ...tables } = names;
  const running = signal === undefined ? {} : { signal };
  const write = { schema, metaData, signal };

  return withScratch(session, { tables: Object.values(tables), views: [target] }, async () => {
    const clauses = mergeClauses(session, names, { schema, sourceColumns, options });
    await session.execute(clauses.source(rows.sql), running);
    const bySource = (options.whenNotMatchedBySource ?? []).length > 0;
    const source = { name: names.source, columns };
    const ranges = bySource ? [] : await sourceRanges(session, source, equalColumns(options.on), schema);
    const files = [...base.files.values()].filter((add) => mayHold(add, ranges, schema));
    const numbers = { fileNumber: FILE_NUMBER, rowNumber: ROW_NUMBER };
    await defineFiles(context, session, target, { adds: files, schema, ...numbers, signal });
    for (const sql of clauses.given) checkFitting(await session.describe(sql), schema, context.location);
    await session.execute(clauses.match, running);
    await checkUnambiguous(context, session, clauses, running);
    const leaving = await rowsByFile(session, files, { from: clauses.leaving, signal });
    if (leaving.length > 0) checkMayRemove(context, metaData);
    const counted = await countsOf(session, clauses, running);

    return withNewFiles(context, async (written) => {
      const brought = await written.bring({ session, sql: clauses.comingIn }, write);
      const taken = await takeOut(context, session, written, { base, leaving, write });
      if (keepsChanges(base)) await written.writeChanges(session, changesOf(clauses), write);
      const counts = { inserted: counted.inserted, replaced: counted.updated, kept: 0, deleted: counted.deleted };
      const after = await commit(context, {
        base,
        operation: "MERGE",
        operationParameters: { predicate: JSON.stringify([options.on]), ...clauses.parameters },
        metrics: {
          ...mergeMetrics(written, taken, { counts, source: counted.source, stored: storedRows(brought) }),
          ...options.metrics?.(counts),
        },
        reads: {
          kind: "rows",
          files: new Set(files.map(fileKey)),
          mayHold: (other) => mayHold(other, ranges, schema),
        },
        ...filesOf(written, taken),
        txns,
        metaData: withConfiguration(metaData, options) ?? evolved,
        signal,
      });
      return commitResult(after.version, counts, { ...taken, rows: brought });
    });
  });
}

/** Whether a clause brings whatever columns the source has. */
const takesAll = ({ whenMatched = [], whenNotMatched = [] }: MergeIntoOptions): boolean =>
  whenMatched.some((clause) => "update" in clause && clause.update === "all") ||
  whenNotMatched.some(({ insert }) => insert === "all");

/** Whether source rows disagree about a stored one. Where all of them only delete it, they agree. */
async function checkUnambiguous(
  { location }: TableContext,
  session: QuerySession,
  { ambiguous }: Clauses,
  running: QueryOptions,
): Promise<void> {
  const [row] = (await session.query(ambiguous, running)).rows;
  if (row === undefined) return;
  const text = row.map(String).join(", ");
  throw new PinlakeError("MERGE_AMBIGUOUS", {
    table: location,
    key: text.length > 200 ? `${text.slice(0, 200)}…` : text,
  });
}

async function countsOf(session: QuerySession, { counts }: Clauses, running: QueryOptions) {
  const [[source = 0, inserted = 0, updated = 0, deleted = 0] = []] = (await session.query(counts, running)).rows;
  return {
    source: Number(source),
    inserted: Number(inserted),
    updated: Number(updated),
    deleted: Number(deleted),
  };
}

const changesOf = ({ changes }: Clauses): ChangedRows[] => [
  { type: "delete", sql: changes.deleted },
  { type: "update_preimage", sql: changes.before },
  { type: "update_postimage", sql: changes.after },
  { type: "insert", sql: changes.inserted },
];
