import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { QuerySession } from "../../src/engine/query-engine.ts";
import { type StructField, type StructType, structType } from "../../src/engine/schema.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { AddFile } from "../../src/table/delta/log/actions.ts";
import { logKey } from "./delta-table.ts";
import { tempFolder } from "./temp-folder.ts";

/** A Delta table at `t` in memory, written by hand: whatever we do not write ourselves. */
export interface MadeTable {
  readonly store: ObjectStore;
  put(name: string, body: string | Uint8Array): Promise<void>;
  /** A version of these actions. */
  log(version: number, ...actions: object[]): Promise<void>;
  /** A Parquet file of what a query gives, and the action that adds it. */
  data(name: string, sql: string, fieldIds?: string): Promise<AddFile>;
}

export function madeTable(session: QuerySession): MadeTable {
  const store = createMemoryStore();
  const put = (name: string, body: string | Uint8Array) =>
    store.put(`t/${name}`, typeof body === "string" ? new TextEncoder().encode(body) : body);
  return {
    store,
    put,
    log: (version, ...actions) => put(logKey(version).slice(2), lines(actions)),
    async data(name, sql, fieldIds) {
      await using folder = await tempFolder();
      const path = join(folder.path, randomUUID());
      if (fieldIds === undefined) await session.writeParquet(sql, await session.describe(sql), path);
      else await session.execute(`COPY (${sql}) TO '${path}' (FORMAT parquet, FIELD_IDS ${fieldIds})`);
      const body = await readFile(path);
      await put(name, body);
      return { path: name, partitionValues: {}, size: body.length, modificationTime: 1, dataChange: true };
    },
  };
}

export const lines = (actions: readonly object[]): string =>
  actions.map((action) => `${JSON.stringify(action)}\n`).join("");

export const protocol = (...features: string[]) => ({
  protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: features, writerFeatures: features },
});

export const metaData = (
  schema: StructType,
  more: { configuration?: Record<string, string>; partitionColumns?: string[] } = {},
) => ({
  metaData: {
    id: "0",
    format: { provider: "parquet", options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns: [],
    configuration: {},
    ...more,
  },
});

/** A field as column mapping names it in files. */
export const mapped = (name: string, type: StructField["type"], id: number, physicalName: string): StructField => ({
  name,
  type,
  nullable: true,
  metadata: { "delta.columnMapping.id": id, "delta.columnMapping.physicalName": physicalName },
});

export const struct = (...fields: StructField[]): StructType => ({ type: "struct", fields });

export const LONGS: StructType = structType([{ name: "n", type: "long" }]);
