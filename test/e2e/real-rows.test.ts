import { join } from "node:path";
import { expect, it } from "vitest";
import { pinlakeJson } from "../support/pinlake.ts";
import { realDataFolder, realRows } from "../support/pinterest.ts";
import { type AnswerRows, answers as reference, type Tables } from "../support/reference/answers.ts";
import { recount } from "../support/reference/newest.ts";
import { tempFolder } from "../support/temp-folder.ts";

const real = realDataFolder();

it.skipIf(real === undefined)(
  "the real rows through the whole pipeline give the answers that plain TypeScript gives",
  async () => {
    await using folder = await tempFolder();
    const at = ["--data", folder.path];
    await pinlakeJson(["source", "import", join(real ?? "", "pinterest"), ...at]);
    const demo = await pinlakeJson<{
      reconciliation: { dataset: string; events: number; rows: number; ok: boolean }[];
      agreement: { differences: number }[];
      answers: Record<string, Record<string, unknown>[]>;
    }>(["demo", "--all", "--exit", ...at]);

    const rowsOf = <D extends "pin" | "geo" | "user">(dataset: D) =>
      recount(
        dataset,
        realRows(real ?? "", dataset).map((value, i) => ({ topic: dataset, partition: 0, offset: BigInt(i), value })),
      );
    const counted = { pin: rowsOf("pin"), geo: rowsOf("geo"), user: rowsOf("user") };
    for (const { dataset, events, rows, ok } of demo.reconciliation) {
      const expected = counted[dataset as keyof typeof counted];
      expect({ dataset, rows, ok }).toEqual({ dataset, rows: expected.rows.size, ok: true });
      expect(events).toBe(expected.events);
    }
    expect(demo.agreement.map(({ differences }) => differences)).toEqual([0, 0, 0]);

    const tables = Object.fromEntries(
      Object.entries(counted).map(([dataset, { rows }]) => [dataset, [...rows.values()].map(({ row }) => row)]),
    ) as unknown as Tables;
    expect(Object.keys(demo.answers).sort()).toEqual(Object.keys(reference).sort());
    for (const [name, compute] of Object.entries(reference)) {
      const expected = (compute as (tables: Tables) => AnswerRows)(tables);
      const found = (demo.answers[name] ?? []).map((row) => Object.values(row));
      expect(found, name).toEqual(
        expected.map((row) => row.map((value) => (typeof value === "bigint" ? Number(value) : value))),
      );
    }
  },
);
