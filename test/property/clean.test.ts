import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/define/dataset.ts";
import { foreignMarkers } from "../../src/engine/clean.ts";
import type { RawInput } from "../../src/engine/clean-files.ts";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QuerySession } from "../../src/engine/query-engine.ts";
import { cleanInto } from "../support/clean-into.ts";
import { dirtyRecord } from "../support/dirty-records.ts";
import { shippedDatasets } from "../support/pinterest.ts";
import { cleanRecord, type DatasetName } from "../support/reference/clean-record.ts";
import { runs } from "../support/run-length.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

/** What cleaning made of records: what the reference says of each, by offset. */
type Fates = Readonly<Record<string, unknown>>;

describe.each<DatasetName>(["pin", "geo", "user"])("cleaning %s", (name) => {
  const engine = createDuckDbEngine({ threads: 2 });
  let session: QuerySession;
  let datasets: Readonly<Record<DatasetName, Dataset>>;
  let folder: TempFolder;

  beforeAll(async () => {
    session = await engine.session();
    datasets = await shippedDatasets();
    folder = await tempFolder();
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  function expected(values: readonly (Uint8Array | null)[], firstOffset: bigint): Fates {
    return Object.fromEntries(
      values.map((value, i) => {
        const outcome = cleanRecord(name, value);
        return [
          String(firstOffset + BigInt(i)),
          outcome.kind === "row" ? outcome.row : outcome.kind === "bad" ? outcome.reason : "tombstone",
        ];
      }),
    );
  }

  async function cleaned(input: RawInput, offsets: readonly bigint[]): Promise<Fates> {
    const dataset = datasets[name];
    const of = { nowMs: 0, foreignMarkers: foreignMarkers(dataset, Object.values(datasets)) };
    const counts = await cleanInto(session, dataset, [[input]], { ...of, folder: folder.path });
    const fates = new Map<string, unknown>(offsets.map((offset) => [String(offset), "tombstone"]));
    const place = (offset: unknown, fate: unknown) => {
      expect(fates.get(String(offset)), `offset ${offset}`).toBe("tombstone");
      fates.set(String(offset), fate);
    };
    for (const { _topic, _partition, _offset, ...row } of await session.rows("SELECT * FROM good")) {
      expect([_topic, _partition]).toEqual(["t", 3]);
      place(_offset, row);
    }
    for (const { offset, reason } of await session.rows("SELECT * FROM bad")) place(offset, reason);
    const all = [...fates.values()];
    expect(counts).toMatchObject({
      events: offsets.length,
      rows: all.filter((fate) => typeof fate === "object").length,
      quarantined: all.filter((fate) => typeof fate === "string" && fate !== "tombstone").length,
      tombstones: all.filter((fate) => fate === "tombstone").length,
    });
    return Object.fromEntries(fates);
  }

  it("gives what the reference gives, whatever the records in memory hold", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(dirtyRecord(name), { maxLength: 60 }), async (values) => {
        const records = values.map((value, i) => ({ offset: 5n + BigInt(i) * 3n, value }));
        const fates = await cleaned(
          { topic: "t", partition: 3, records },
          records.map(({ offset }) => offset),
        );
        const byIndex = Object.values(expected(values, 0n));
        expect(Object.values(fates)).toEqual(byIndex);
      }),
      runs(40),
    );
  });

  it("gives the same for the lines of an object", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(dirtyRecord(name), { maxLength: 60 }), fc.boolean(), async (values, ended) => {
        const path = join(folder.path, "object.json");
        const lines = values.map((value) => value ?? Buffer.from("null")).filter((line) => !line.includes(10));
        const end = ended || lines.at(-1)?.length === 0 ? [Buffer.from("\n")] : [];
        await writeFile(
          path,
          Buffer.concat([
            ...lines.flatMap((line, i) => (i === 0 ? [line] : [Buffer.from("\n"), line])),
            ...(lines.length === 0 ? [] : end),
          ]),
        );
        const fates = await cleaned(
          { topic: "t", partition: 3, path, startOffset: 7n },
          lines.map((_, i) => 7n + BigInt(i)),
        );
        expect(fates).toEqual(expected(lines, 7n));
      }),
      runs(40),
    );
  });
});
