import type { DemoPhase } from "../app/demo.ts";
import type { EmulatorResult } from "../app/emulate.ts";
import type { App } from "../app.ts";

/** A line per stage, in the order in which data visits them. */
export function demoProgress(app: App, phase: DemoPhase, posted: EmulatorResult | undefined): string[] {
  const { sink, stream } = app.stages;
  const landed = sink.status().partitions;
  const { datasets } = stream.status();
  const count = (n: number | bigint) => n.toLocaleString("en");
  const sum = <T>(all: readonly T[], of: (one: T) => number) => count(all.reduce((total, one) => total + of(one), 0));
  const working = (mine: DemoPhase) => (phase === mine ? "●" : " ");
  return [
    `${working("source")} source   ${phase === "source" ? "making the tables" : "ready"}`,
    `${working("posts")} posts    ${posted === undefined ? "" : `${count(posted.posts.sent)} posts, ${count(posted.sent)} records acknowledged`}`,
    `${working("posts")} log      ${sum(landed, ({ end }) => Number(end))} records`,
    `${working("posts")} sink     ${sum(landed, ({ committed }) => Number(committed))} records in ${sum(landed, ({ objectsWritten }) => objectsWritten)} objects`,
    `${working("stream")} stream   ${datasets.map(({ dataset, rows }) => `${dataset} ${count(rows)}`).join(", ")} rows`,
    `${working("batch")} batch    ${phase === "batch" ? "cleaning and answering" : ""}`,
    `${working("verify")} verify   ${phase === "verify" ? "counting every event, comparing the arms" : ""}`,
  ];
}
