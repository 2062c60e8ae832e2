import { relative } from "node:path";
import type { VacuumReport, VacuumRequest } from "../console/operations.ts";
import type { HistoryEntry, SnapshotAt, Table } from "../table/table.ts";
import type { Reader } from "./reader.ts";
import { findTable } from "./table-names.ts";
import { tableFolders, vacuumOptions, withFolderTable } from "./table-verbs.ts";

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
  const found = await Promise.all(names.map(({ name, prefix }) => reportOf(name, openTable(prefix))));
  return found.filter((report) => report !== undefined);
}

/** The Delta tables below a folder, by their paths in it. */
export async function listFolder(folder: string): Promise<TableReport[]> {
  const reports: TableReport[] = [];
  for await (const found of tableFolders(folder)) {
    const report = await withFolderTable(found, (table) => reportOf(relative(folder, found) || ".", table));
    if (report !== undefined) reports.push(report);
  }
  return reports;
}

/** undefined when there is no table. */
async function reportOf(name: string, table: Table): Promise<TableReport | undefined> {
  const snapshot = await table.find();
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
}

export async function describeTable(table: Table) {
  const { version, schema, configuration, txns } = await table.snapshot();
  return {
    location: table.location,
    version,
    columns: schema.fields.map(({ name, type, metadata }) => ({ name, type, description: metadata.comment ?? null })),
    properties: configuration,
    taken: Object.fromEntries([...txns].map(([appId, next]) => [appId, next.toString()])),
  };
}

export async function tableHistory(table: Table, limit: number): Promise<HistoryEntry[]> {
  await table.snapshot();
  return Array.fromAsync(table.history({ limit }));
}

/** What a vacuum would remove now. Throws as a vacuum does. */
export async function removable(
  { names, openTable }: Reader,
  typed: string,
  request: VacuumRequest,
): Promise<VacuumReport> {
  const { name, prefix } = findTable(names, typed);
  const removed = await openTable(prefix).vacuum({ ...vacuumOptions(request), dryRun: true });
  return { table: name, removed };
}

export function snapshotAt(version: number | undefined, at: number | undefined): SnapshotAt | undefined {
  if (version !== undefined) return { version };
  return at === undefined ? undefined : { timestampMs: at };
}
