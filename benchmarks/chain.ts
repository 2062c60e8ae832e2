import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../src/app.ts";
import { loadProject } from "../src/config/load-project.ts";
import type { Benchmark, Figure } from "./figure.ts";
import { postRecords } from "./posts.ts";

const POSTS = 1_000_000;
const PER_APPEND = 1000;

/** The whole batch chain over a million posts: the log, objects, three clean tables, nine answers. */
export const chain: Benchmark = {
  name: "chain",
  run: async () => {
    const data = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    try {
      const project = await loadProject(join(import.meta.dirname, "../pinterest"), {});
      await using app = await openApp({ project, data });
      const { datasets } = project;
      for (const { name } of datasets) {
        const topic = `bench.${name}`;
        await app.log.createTopic(topic);
        for (let first = 0; first < POSTS; first += PER_APPEND)
          await app.log.append(topic, postRecords(name, first, PER_APPEND));
      }
      const figures: Figure[] = [];
      const step = async (name: string, count: number, unit: string, work: () => Promise<unknown>) => {
        const startMs = performance.now();
        await work();
        const seconds = (performance.now() - startMs) / 1000;
        figures.push({ name, value: count / seconds, unit, details: { seconds } });
        return seconds;
      };
      const records = POSTS * datasets.length;
      const { sink, batch } = app.stages;
      const landed = await step("log to objects", records, "records/s", () => sink.flush());
      const cleaned = await step("objects to clean tables", records, "records/s", async () => {
        for (const { name } of datasets) await batch.runDataset(name);
      });
      const answered = await step("nine answers", project.answers.length, "answers/s", () => batch.runAnswers());
      const seconds = landed + cleaned + answered;
      figures.unshift({
        name: "whole batch chain, three datasets of 1 M posts each",
        value: records / seconds,
        unit: "records/s",
        details: { seconds },
      });
      return figures;
    } finally {
      rmSync(data, { recursive: true });
    }
  },
};
