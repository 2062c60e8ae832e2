import type { Clock } from "../clock.ts";
import type { Table } from "../table/table.ts";
import type { TableWriter } from "./table-writer.ts";

/** Keeps a stream table tidy at bounded cost; called after each commit. */
export type Upkeep = (writer: TableWriter) => Promise<void>;

export interface UpkeepOptions {
  /** The clean table and the quarantine. */
  readonly tables: readonly Table[];
  readonly clock: Clock;
}

/** How many small files of about one size are joined into the next larger size. */
export const JOIN_FILES = 16;
const SMALLEST_BYTES = 64 * 1024;
const LARGEST_BYTES = 16 * 1024 * 1024;
const VACUUM_EVERY_MS = 3600 * 1000;

/**
 * The size of file to make now, or undefined when there are too few small ones. Files grow in steps: a row is written
 * again once per step, not once per join, so tidying costs each row a fixed number of writes however large the table.
 */
export function joinTarget(fileBytes: readonly number[]): number | undefined {
  for (let target = SMALLEST_BYTES * JOIN_FILES; target <= LARGEST_BYTES; target *= JOIN_FILES) {
    const small = fileBytes.filter((bytes) => bytes * 2 <= target);
    if (small.length >= JOIN_FILES * 2) return target;
  }
  return undefined;
}

export function upkeep({ tables, clock }: UpkeepOptions): Upkeep {
  let lookAgainAfter = 0;
  let commits = 0;
  let vacuumedAtMs = clock.monotonic();

  async function tidy(writer: TableWriter): Promise<void> {
    const files = writer.state()?.snapshot.files ?? [];
    const target = joinTarget(files.map(({ bytes }) => bytes));
    if (target !== undefined) await writer.joinFiles(target);
    await writer.joinQuarantine(joinTarget);
    if (clock.monotonic() - vacuumedAtMs >= VACUUM_EVERY_MS) {
      vacuumedAtMs = clock.monotonic();
      // Each by its own retention; a quarantine may have had no record yet.
      for (const table of tables) if ((await table.find()) !== undefined) await table.vacuum();
    }
  }

  return async (writer) => {
    if (++commits < lookAgainAfter) return;
    lookAgainAfter = commits + JOIN_FILES;
    await tidy(writer);
  };
}
