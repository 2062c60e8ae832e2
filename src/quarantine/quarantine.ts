import type { Clock } from "../clock.ts";
import { QUARANTINE_COLUMNS } from "../engine/quarantine-columns.ts";
import type { QuerySession } from "../engine/query-engine.ts";
import { structType } from "../engine/schema.ts";
import { isPinlakeError } from "../errors.ts";
import { retry } from "../retry.ts";
import type { Snapshot, Table } from "../table/table.ts";
import { type Arm, quarantineAppId, type Taken, txnsBeyond } from "./progress.ts";

/** Rows in the quarantine's columns: a table or view of that session, such as `badInto` of the cleaning. */
export interface QuarantineRows {
  readonly session: QuerySession;
  readonly name: string;
}

export interface QuarantineBatch {
  readonly dataset: string;
  readonly rows: QuarantineRows;
  /** How far the batch that these rows were split from goes, per partition. */
  readonly taken: readonly Taken[];
  readonly signal?: AbortSignal;
}

/**
 * The records of one arm that could not be used, in a table of their own (`<arm>/quarantine`).
 *
 * It commits before the rows it was split from, and keeps per dataset and partition how far it has come: after a kill
 * between the two commits the same records come again, cut in whatever way, and none is stored twice.
 */
export interface Quarantine {
  readonly arm: Arm;
  readonly table: Table;
  /** Adds the rows it does not have yet; without any there is no commit. Resolves with how many it added. */
  append(batch: QuarantineBatch): Promise<number>;
  /**
   * The first half of a rebuild: these rows take the place of the dataset's. `rebuild` names the rebuild; the clean
   * table gets the same name in its commit (property `pinlake.rebuild`), and until then `rebuildBegun` tells them apart.
   */
  replaceDataset(batch: QuarantineBatch & { readonly rebuild: string }): Promise<void>;
  /** The rebuild of the dataset that was begun last, if there was one. */
  rebuildBegun(dataset: string): Promise<string | undefined>;
  /** The table at its newest version, made when there is none. */
  snapshot(): Promise<Snapshot>;
}

export interface QuarantineOptions {
  readonly openTable: (prefix: string) => Table;
  readonly arm: Arm;
  readonly clock: Clock;
}

/** The table property that names the last rebuild: in a clean table, and per dataset in the quarantine. */
export const REBUILD_PROPERTY = "pinlake.rebuild";
const rebuildProperty = (dataset: string) => `${REBUILD_PROPERTY}.${dataset}`;

export const quarantinePrefix = (arm: Arm): string => `${arm}/quarantine`;

export function openQuarantine({ openTable, arm, clock }: QuarantineOptions): Quarantine {
  const table = openTable(quarantinePrefix(arm));

  const snapshot = async (): Promise<Snapshot> => {
    const found = await table.find();
    if (found !== undefined) return found;
    try {
      return await table.create({
        schema: structType(QUARANTINE_COLUMNS),
        description: `Records that the ${arm} arm could not use, and why`,
        configuration: { "delta.isolationLevel": "Serializable" },
      });
    } catch (error) {
      if (!isPinlakeError(error, "TABLE_EXISTS")) throw error;
      return table.snapshot();
    }
  };

  /** Other datasets write here too, and a replayed batch meets its own txn: either way look again and cut again. */
  const overtaken = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) =>
    retry(work, {
      clock,
      attempts: 50,
      firstDelayMs: 5,
      maxDelayMs: 500,
      retryable: (error) => isPinlakeError(error, "TABLE_CONFLICT"),
      ...(signal === undefined ? {} : { signal }),
    });

  const txnsOf = (at: Snapshot, { dataset, taken }: QuarantineBatch) =>
    txnsBeyond(
      at,
      taken.map(({ topic, partition, next }) => ({
        appId: quarantineAppId(arm, dataset, topic, partition),
        version: next,
      })),
    );

  return {
    arm,
    table,
    snapshot,

    append: (batch) =>
      overtaken(async () => {
        const { rows, signal } = batch;
        if ((await countOf(rows.session, `SELECT * FROM ${rows.session.quote(rows.name)}`)) === 0) return 0;
        const basedOn = await snapshot();
        const sql = unseenRows(rows, batch, (topic, partition) =>
          basedOn.txns.get(quarantineAppId(arm, batch.dataset, topic, partition)),
        );
        const added = await countOf(rows.session, sql);
        if (added === 0) return 0;
        await table.append(
          { session: rows.session, sql },
          { basedOn, txns: txnsOf(basedOn, batch), ...(signal === undefined ? {} : { signal }) },
        );
        return added;
      }, batch.signal),

    replaceDataset: (batch) =>
      overtaken(async () => {
        const { rows, dataset, rebuild, signal } = batch;
        const basedOn = await snapshot();
        await table.overwrite(
          { session: rows.session, sql: `SELECT * FROM ${rows.session.quote(rows.name)}` },
          {
            basedOn,
            where: `${rows.session.quote("dataset")} = ${rows.session.literal(dataset)}`,
            txns: txnsOf(basedOn, batch),
            configuration: { [rebuildProperty(dataset)]: rebuild },
            ...(signal === undefined ? {} : { signal }),
          },
        );
      }, batch.signal),

    async rebuildBegun(dataset) {
      const found = await table.find();
      return found?.configuration[rebuildProperty(dataset)];
    },
  };
}

/** The batch's rows at or above what the quarantine has of each partition. */
function unseenRows(
  { session, name }: QuarantineRows,
  { taken }: QuarantineBatch,
  known: (topic: string, partition: number) => bigint | undefined,
): string {
  const q = (column: string) => session.quote(column);
  const seen = taken.flatMap(({ topic, partition }) => {
    const next = known(topic, partition);
    return next === undefined
      ? []
      : [`${q("topic")} = ${session.literal(topic)} AND ${q("partition")} = ${partition} AND ${q("offset")} < ${next}`];
  });
  const where = seen.map((condition) => `NOT (${condition})`).join(" AND ");
  return `SELECT * FROM ${q(name)}${where === "" ? "" : ` WHERE ${where}`}`;
}

async function countOf(session: QuerySession, sql: string): Promise<number> {
  const { rows } = await session.query(`SELECT count(*) AS n FROM (${sql}) counted`);
  return Number(rows[0]?.[0] ?? 0);
}
