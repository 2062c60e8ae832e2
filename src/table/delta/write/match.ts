import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../../engine/query-engine.ts";
import type { StructType } from "../../../engine/schema.ts";
import type { TableContext } from "../context.ts";
import { defineFiles, FILE_NUMBER, ROW_NUMBER } from "../files/define-files.ts";
import type { FileRows } from "../files/rewrite.ts";
import { withScratch } from "../files/scratch.ts";
import type { AddFile } from "../log/actions.ts";
import { rowsByFile } from "./rows-where.ts";

/** Tables of a merge in the caller's session. */
export interface MergeNames {
  /** The new rows. */
  readonly source: string;
  /** Stored rows that give way: their keys, and where they lie. */
  readonly matched: string;
  /** Keys of source rows that did not take the stored row's place. */
  readonly refused: string;
}

export interface Matches {
  /** Stored rows that give way. */
  readonly leaving: readonly FileRows[];
  /** Source rows that take a stored row's place. */
  readonly replacing: number;
  /** Source rows that do not. */
  readonly refused: number;
}

export const NO_MATCHES: Matches = { leaving: [], replacing: 0, refused: 0 };

export interface MatchOptions {
  readonly files: readonly AddFile[];
  readonly schema: StructType;
  readonly key: readonly string[];
  readonly replaceWhen: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Finds the stored rows with a key of the source, and decides which side stays. */
export async function matchSource(
  context: TableContext,
  session: QuerySession,
  names: MergeNames,
  { files, schema, key, replaceWhen = "TRUE", signal }: MatchOptions,
): Promise<Matches> {
  const q = session.quote;
  const run = signal === undefined ? {} : { signal };
  const target = `target_${randomUUID()}`;
  const pairs = `pairs_${randomUUID()}`;
  const columns = key.map((column) => `target.${q(column)} AS ${q(column)}`).join(", ");
  const on = key.map((column) => `source.${q(column)} = target.${q(column)}`).join(" AND ");
  const keys = key.map(q).join(", ");
  const sameKey = key.map((column) => `p.${q(column)} = r.${q(column)}`).join(" AND ");
  return withScratch(session, { tables: [pairs], views: [target] }, async () => {
    const place = [FILE_NUMBER, ROW_NUMBER].map(q);
    const numbers = { fileNumber: FILE_NUMBER, rowNumber: ROW_NUMBER };
    await defineFiles(context, session, target, { adds: files, schema, ...numbers, signal });
    await session.execute(
      `CREATE TEMPORARY TABLE ${q(pairs)} AS
       SELECT ${place.map((name) => `target.${name} AS ${name}`).join(", ")}, ${columns}, (${replaceWhen}\n) IS TRUE AS ${q("_takes")}
       FROM ${q(target)} AS target JOIN ${q(names.source)} AS source ON ${on}`,
      run,
    );
    await session.execute(
      `CREATE TEMPORARY TABLE ${q(names.refused)} AS SELECT DISTINCT ${keys} FROM ${q(pairs)} WHERE NOT ${q("_takes")};
       CREATE TEMPORARY TABLE ${q(names.matched)} AS SELECT ${place.join(", ")}, ${keys} FROM ${q(pairs)} AS p
       WHERE NOT EXISTS (SELECT 1 FROM ${q(names.refused)} AS r WHERE ${sameKey})`,
      run,
    );
    const leaving = await rowsByFile(session, files, { from: q(names.matched), signal });
    const [counted] = (
      await session.query(
        `SELECT (SELECT count(*) FROM (SELECT DISTINCT ${keys} FROM ${q(names.matched)}) AS d), (SELECT count(*) FROM ${q(names.refused)})`,
        run,
      )
    ).rows;
    return {
      leaving,
      replacing: Number(counted?.[0]),
      refused: Number(counted?.[1]),
    };
  });
}
