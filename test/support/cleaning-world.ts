import type { Dataset } from "../../src/define/dataset.ts";
import { type CleanCounts, foreignMarkers } from "../../src/engine/clean.ts";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QuerySession, SqlRow } from "../../src/engine/query-engine.ts";
import { cleanInto } from "./clean-into.ts";
import { shippedDatasets } from "./pinterest.ts";
import type { DatasetName } from "./reference/clean-record.ts";
import { tempFolder } from "./temp-folder.ts";

export interface Cleaned {
  readonly counts: CleanCounts;
  readonly rows: readonly SqlRow[];
  readonly bad: readonly SqlRow[];
}

/** Cleaning of records in memory by the shipped datasets, in one session. */
export interface CleaningWorld extends AsyncDisposable {
  readonly session: QuerySession;
  readonly datasets: Readonly<Record<DatasetName, Dataset>>;
  clean(name: DatasetName, values: readonly (string | Uint8Array | null)[]): Promise<Cleaned>;
  /** The row of one record, or `{reason}`. */
  cleanOne(name: DatasetName, record: object): Promise<SqlRow>;
}

export const CLEANED_AT_MS = 1_600_000_000_000;

export async function cleaningWorld(): Promise<CleaningWorld> {
  const engine = createDuckDbEngine({ threads: 2 });
  const session = await engine.session();
  const folder = await tempFolder();
  const datasets = await shippedDatasets();
  const world: CleaningWorld = {
    session,
    datasets,
    async clean(name, values) {
      const records = values.map((value, i) => ({
        offset: BigInt(i),
        value: value === null ? null : Buffer.from(value as string),
      }));
      const counts = await cleanInto(session, datasets[name], [[{ topic: `x.${name}`, partition: 0, records }]], {
        folder: folder.path,
        nowMs: CLEANED_AT_MS,
        foreignMarkers: foreignMarkers(datasets[name], Object.values(datasets)),
      });
      const rows = await session.rows("SELECT * FROM good ORDER BY _offset");
      const bad = await session.rows('SELECT * FROM bad ORDER BY "offset"');
      return { counts, rows, bad };
    },
    async cleanOne(name, record) {
      const { rows, bad } = await world.clean(name, [JSON.stringify(record)]);
      return rows[0] ?? { reason: bad[0]?.reason ?? "tombstone" };
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  return world;
}
