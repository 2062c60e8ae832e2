import { existsSync } from "node:fs";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { SourceRow, SourceTable, SourceValue } from "../define/source.ts";
import { PinlakeError } from "../errors.ts";
import type { Source } from "./source.ts";
import { columnType, quoteName } from "./sqlite/file-schema.ts";

/** Opens a source file read-only. Throws SOURCE_MISSING, SOURCE_INVALID. */
export async function openSqliteSource({ path }: { readonly path: string }): Promise<Source> {
  if (!existsSync(path)) throw new PinlakeError("SOURCE_MISSING", { path });
  const db = new DatabaseSync(path, { readOnly: true, readBigInts: true });
  let described: readonly SourceTable[];
  try {
    described = describeTables(db);
  } catch (cause) {
    db.close();
    throw new PinlakeError("SOURCE_INVALID", { path, reason: (cause as Error).message }, { cause });
  }
  const byKey = new Map(
    described.map(({ name, key }) => [
      name,
      db.prepare(`SELECT * FROM ${quoteName(name)} WHERE ${quoteName(key)} = ?`),
    ]),
  );
  const tableOf = (table: string): SourceTable => {
    const found = described.find(({ name }) => name === table);
    if (found !== undefined) return found;
    throw new PinlakeError("UNKNOWN_NAME", {
      what: "source table",
      name: table,
      known: described.map(({ name }) => name),
    });
  };

  return {
    tables: async () => described,
    async rowByKey(table, key) {
      const row = byKey.get(tableOf(table).name)?.get(key);
      return row === undefined ? undefined : sourceRow(row);
    },
    async *rows(table, options) {
      const { name, key } = tableOf(table);
      const ordered = db.prepare(`SELECT * FROM ${quoteName(name)} ORDER BY ${quoteName(key)}`);
      for (const row of ordered.iterate()) {
        options?.signal?.throwIfAborted();
        yield sourceRow(row);
      }
    },
    async count(table) {
      return Number(db.prepare(`SELECT count(*) AS n FROM ${quoteName(tableOf(table).name)}`).get()?.n);
    },
    async [Symbol.asyncDispose]() {
      if (db.isOpen) db.close();
    },
  };
}

function describeTables(db: DatabaseSync): SourceTable[] {
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
    .all();
  return tables.map(({ name }) => {
    const columns = db.prepare("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid").all(String(name));
    const key = columns.find(({ pk }) => Number(pk) === 1);
    if (key === undefined) throw new Error(`table "${name}" has no primary key`);
    return {
      name: String(name),
      key: String(key.name),
      columns: columns.map((column) => ({ name: String(column.name), type: columnType(String(column.type)) })),
    };
  });
}

function sourceRow(row: Readonly<Record<string, SQLOutputValue>>): SourceRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, sourceValue(value)]));
}

function sourceValue(value: SQLOutputValue): SourceValue {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
