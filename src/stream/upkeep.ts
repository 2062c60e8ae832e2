import type { Clock } from "../clock.ts";
import type { Table, TableFile } from "../table/table.ts";
import type { JoinOptions, TableWriter } from "./table-writer.ts";

/**
 * Keeps a stream table tidy at bounded cost, beside the micro-batches; called after a commit, unless the last call is
 * still at it.
 */
export type Upkeep = (writer: TableWriter, options: JoinOptions) => Promise<void>;

export interface UpkeepOptions {
  /** The clean table and the quarantine. */
  readonly tables: readonly Table[];
  /** What their commits leave to do. */
  readonly due: readonly DueWork[];
  readonly clock: Clock;
  /** How long older versions stay readable. */
  readonly historyMs: number;
}

/** How many small files of about one size are joined into the next larger size. */
export const JOIN_FILES = 16;
/** A file that is not joined any more. */
const FULL: JoinTarget = { targetBytes: 16 * 1024 * 1024, targetRows: 128 * 1024 };
/** After so many joins in a row that lost a file to a micro-batch, the micro-batches wait for one. */
const PATIENCE = 3;
const VACUUM_EVERY_MS = 3600 * 1000;

/** The share of a full file's rows that may be deleted before it is written anew for that; smaller ones are joined before long. */
const MOST_DELETED = 0.05;

export interface JoinTarget {
  readonly targetBytes: number;
  readonly targetRows: number;
  /** Which files to look at. Default: all. */
  readonly files?: readonly string[];
}

/**
 * The size of file to make now, or undefined when there are too few small ones and none that lost many rows. Files grow in steps: a row is written
 * again once per step, not once per join, so tidying costs each row a fixed number of writes however large the table.
 */
export function joinTarget(
  files: readonly Pick<TableFile, "path" | "bytes" | "rows" | "deletedRows">[],
): JoinTarget | undefined {
  for (const share of [1 / JOIN_FILES, 1]) {
    const [targetBytes, targetRows] = [FULL.targetBytes * share, FULL.targetRows * share];
    const small = files.filter(
      ({ bytes, rows = Number.POSITIVE_INFINITY }) => bytes * 2 <= targetBytes && rows * 2 <= targetRows,
    );
    if (small.length >= JOIN_FILES * 2) return { targetBytes, targetRows };
  }
  const worn = files.find(({ bytes, rows = 0, deletedRows }) => {
    const isFull = bytes * 2 > FULL.targetBytes || (rows + deletedRows) * 2 > FULL.targetRows;
    return isFull && deletedRows > MOST_DELETED * (rows + deletedRows);
  });
  return worn && { ...FULL, files: [worn.path] };
}

/** What a table's commits leave to do: the newest takes the place of one that was not begun, for it sums up more. */
export interface DueWork {
  readonly add: (work: () => Promise<void>) => void;
  readonly take: () => (() => Promise<void>) | undefined;
}

export function dueWork(): DueWork {
  let due: (() => Promise<void>) | undefined;
  return {
    add: (work) => {
      due = work;
    },
    take: () => {
      const taken = due;
      due = undefined;
      return taken;
    },
  };
}

/** For a writer that nobody else calls meanwhile. */
export const noTurn = async (): Promise<Disposable> => ({ [Symbol.dispose]() {} });

export function upkeep({ tables, due, clock, historyMs }: UpkeepOptions): Upkeep {
  const vacuumEveryMs = Math.min(VACUUM_EVERY_MS, historyMs / 4);
  let lookAgainAfter = 0;
  let commits = 0;
  let lost = 0;
  let vacuumedAtMs = clock.monotonic();

  /** Whether there may be more to do. */
  async function tidy(writer: TableWriter, options: JoinOptions): Promise<boolean> {
    const target = joinTarget(writer.state()?.snapshot.files ?? []);
    if (target !== undefined) lost = (await join(writer, target, options)) ? 0 : lost + 1;
    const joined = await writer.joinQuarantine(joinTarget, options);
    return target !== undefined || joined;
  }

  async function join(writer: TableWriter, target: JoinTarget, options: JoinOptions): Promise<boolean> {
    if (lost < PATIENCE) return writer.joinFiles(target, options);
    using _turn = await options.takeTurn();
    return writer.joinFiles(target, { ...options, takeTurn: noTurn });
  }

  async function vacuum(): Promise<void> {
    if (clock.monotonic() - vacuumedAtMs < vacuumEveryMs) return;
    vacuumedAtMs = clock.monotonic();
    // Each by its own retention; a quarantine may have had no record yet.
    for (const table of tables) if ((await table.find()) !== undefined) await table.vacuum();
  }

  return async (writer, options) => {
    for (const { take } of due) await take()?.();
    if (++commits < lookAgainAfter) return;
    const more = await tidy(writer, options);
    lookAgainAfter = commits + (more ? 1 : JOIN_FILES);
    await vacuum();
  };
}
