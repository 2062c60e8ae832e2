import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { verify } from "../../../src/app/verify.ts";
import type { Project } from "../../../src/config/load-project.ts";
import type { Dataset } from "../../../src/define/dataset.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { NO_HEADERS } from "../../../src/record.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { batchWorld, type Landed, land, thingDataset } from "../../support/batch-world.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const taking = (...topics: string[]): Dataset => ({
  ...thingDataset(),
  inputs: { topics, streams: [], partitionKeys: [] },
  hash: createHash("sha256").update(topics.join()).digest("hex"),
});

const record = (topic: string, offset: number): Landed => ({
  topic,
  partition: 0,
  offset,
  made: { kind: "row", ind: offset, n: offset },
});

describe("a dataset that no longer takes a topic", () => {
  it("is rebuilt without its records, and none of them is missed", async () => {
    await using engine = createDuckDbEngine({ threads: 1 });
    await using folder = await tempFolder();
    const log = createMemoryLog();
    const [objects, tables] = [createMemoryStore(), createMemoryStore()];
    const landed = [record("a.thing", 0), record("a.thing", 1), record("b.thing", 0)];
    await land(objects, landed);
    for (const topic of ["a.thing", "b.thing"]) {
      await log.createTopic(topic);
      const mine = landed.filter((one) => one.topic === topic);
      const value = Buffer.from("{}");
      await log.append(
        topic,
        mine.map(() => ({ key: null, value, headers: NO_HEADERS, timestampMs: 0 })),
      );
    }
    const worldOf = (dataset: Dataset) => batchWorld({ objects, tables, engine, folder: folder.path, dataset });
    await worldOf(taking("*.thing")).batch.runDataset("thing");

    const dataset = taking("b.*");
    const { batch, openTable } = worldOf(dataset);
    await expect(batch.runDataset("thing")).rejects.toMatchObject({ code: "DEFINITION_CHANGED" });
    expect(await batch.runDataset("thing", { full: true })).toMatchObject({ events: 1, inserted: 1 });
    const project = { datasets: [dataset] } as unknown as Project;
    const { reconciliation } = await verify({ project, log, engine, openTable });
    expect(reconciliation).toMatchObject([
      { arm: "batch", events: 1, rows: 1, ok: true },
      { arm: "stream", events: 0, rows: 0, ok: true },
    ]);
  });
});
