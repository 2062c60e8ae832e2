import { randomUUID } from "node:crypto";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SourceDefinition, SourceRow, SourceTable } from "../../define/source.ts";
import { PinlakeError } from "../../errors.ts";
import { DECLARED_TYPES, quoteName } from "./file-schema.ts";

export interface CreateOptions {
  readonly path: string;
  /** Whether a source that stands there already may go. Without it: SOURCE_EXISTS. */
  readonly replace?: boolean;
  readonly signal?: AbortSignal;
}

export interface CreatedTable {
  readonly table: string;
  readonly rows: number;
}

/** Makes a source file of what a definition's generator gives. */
export async function createSource(
  definition: SourceDefinition,
  options: CreateOptions & { readonly seed: number; readonly rows?: number },
): Promise<readonly CreatedTable[]> {
  const { seed, rows } = options;
  const generated = definition.generate({ seed, ...(rows === undefined ? {} : { rows }) });
  return writeSource(definition.tables, generated, options);
}

/** Makes a source file of tables and rows: a whole one or none, also after kill -9. Throws SOURCE_EXISTS, SOURCE_INVALID. */
export async function writeSource(
  tables: readonly SourceTable[],
  rows:
    | Iterable<{ readonly table: string; readonly row: SourceRow }>
    | AsyncIterable<{ readonly table: string; readonly row: SourceRow }>,
  { path, replace = false, signal }: CreateOptions,
): Promise<readonly CreatedTable[]> {
  await mkdir(dirname(path), { recursive: true });
  if (!replace && (await exists(path))) throw new PinlakeError("SOURCE_EXISTS", { path });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const created = await fill(temporary, tables, rows, { path, signal });
    await sync(temporary);
    await (replace ? rename(temporary, path) : linkIfAbsent(temporary, path));
    await sync(dirname(path));
    return created;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function fill(
  file: string,
  tables: readonly SourceTable[],
  rows: Parameters<typeof writeSource>[1],
  { path, signal }: { readonly path: string; readonly signal: AbortSignal | undefined },
): Promise<CreatedTable[]> {
  const db = new DatabaseSync(file);
  try {
    // A half-written file is never looked at, so nothing but the last sync counts.
    db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
    const inserts = new Map(
      tables.map((table) => {
        db.exec(createStatement(table));
        const marks = table.columns.map(() => "?").join(", ");
        const insert = db.prepare(`INSERT INTO ${quoteName(table.name)} VALUES (${marks})`);
        return [table.name, { insert, columns: table.columns.map(({ name }) => name), key: table.key, rows: 0 }];
      }),
    );
    for await (const { table, row } of rows) {
      signal?.throwIfAborted();
      const target = inserts.get(table);
      if (target === undefined)
        throw new PinlakeError("SOURCE_INVALID", { path, reason: `there is no table ${table}` });
      try {
        target.insert.run(...target.columns.map((column) => row[column] ?? null));
      } catch (cause) {
        const reason = `${table}, ${target.key} ${row[target.key]}: ${(cause as Error).message}`;
        throw new PinlakeError("SOURCE_INVALID", { path, reason }, { cause });
      }
      target.rows++;
    }
    db.exec("COMMIT");
    return [...inserts].map(([table, target]) => ({ table, rows: target.rows }));
  } finally {
    db.close();
  }
}

function createStatement({ name, key, columns }: SourceTable): string {
  const defined = columns.map(
    (column) => `${quoteName(column.name)} ${DECLARED_TYPES[column.type]}${column.name === key ? " PRIMARY KEY" : ""}`,
  );
  return `CREATE TABLE ${quoteName(name)} (${defined.join(", ")})`;
}

async function linkIfAbsent(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new PinlakeError("SOURCE_EXISTS", { path: to }, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await using _file = await open(path);
    return true;
  } catch {
    return false;
  }
}

async function sync(path: string): Promise<void> {
  await using file = await open(path);
  await file.sync();
}
