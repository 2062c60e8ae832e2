import type { VacuumReport, VacuumRequest } from "../console/operations.ts";
import type { HistoryEntry, SnapshotAt } from "../table/table.ts";
import type { Reader } from "./reader.ts";
import { findTable } from "./table-names.ts";

export interface TableReport {
  readonly name: string;
  readonly version: number;
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  /** When its newest version was committed. */
  readonly at: string;
}

/** The tables that are there, each at its newest version. */
export async function listTables({ names, openTable }: Reader): Promise<TableReport[]> {
  const found = await Promise.all(
    names.map(async ({ name, prefix }): Promise<TableReport | undefined> => {
      const snapshot = await openTable(prefix).find();
      if (snapshot === undefined) return undefined;
      const { version, files, timestampMs } = snapshot;
      return {
        name,
        version,
        rows: await snapshot.countRows(),
        files: files.length,
        bytes: files.reduce((sum, file) => sum + file.bytes, 0),
        at: new Date(timestampMs).toISOString(),
      };
    }),
  );
  return found.filter((report) => report !== undefined);
}

export async function describeTable({ openTable }: Reader, prefix: string) {
  const table = openTable(prefix);
  const { version, schema, configuration, txns } = await table.snapshot();
  return {
    location: table.location,
    version,
    columns: schema.fields.map(({ name, type, metadata }) => ({ name, type, description: metadata.comment ?? null })),
    properties: configuration,
    taken: Object.fromEntries([...txns].map(([appId, next]) => [appId, next.toString()])),
  };
}

export async function tableHistory({ openTable }: Reader, prefix: string, limit: number): Promise<HistoryEntry[]> {
  const table = openTable(prefix);
  await table.snapshot();
  return Array.fromAsync(table.history({ limit }));
}

/** What a vacuum would remove now. Throws as a vacuum does. */
export async function removable(
  { names, openTable }: Reader,
  typed: string,
  { retainHours, force }: VacuumRequest,
): Promise<VacuumReport> {
  const { name, prefix } = findTable(names, typed);
  const removed = await openTable(prefix).vacuum({
    dryRun: true,
    ...(retainHours === undefined ? {} : { retentionMs: retainHours * 3_600_000 }),
    ...(force === undefined ? {} : { force }),
  });
  return { table: name, removed };
}

export function snapshotAt(version: number | undefined, at: number | undefined): SnapshotAt | undefined {
  if (version !== undefined) return { version };
  return at === undefined ? undefined : { timestampMs: at };
}
