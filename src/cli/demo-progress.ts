import type { DemoPhase } from "../app/demo.ts";
import type { EmulatorResult } from "../app/emulate.ts";
import type { App } from "../app.ts";

const PHASES = ["source", "posts", "stream", "batch", "verify", "done"] as const satisfies readonly (
  | DemoPhase
  | "done"
)[];
export type ShownPhase = (typeof PHASES)[number];

/** A line per stage, in the order in which data visits them. */
export async function demoProgress(app: App, phase: ShownPhase, posted: EmulatorResult | undefined): Promise<string[]> {
  const { sink, stream } = app.stages;
  // Looked at after the posts that it is shown with: what is acknowledged is in it.
  const logged = sum(await app.log.stagePartitions(), ({ end }) => end);
  const landed = sum(sink.status().partitions, ({ committed }) => committed);
  const { datasets } = stream.status();
  const count = (n: number | bigint) => n.toLocaleString("en");
  const isPast = (mine: ShownPhase) => PHASES.indexOf(phase) > PHASES.indexOf(mine);
  const working = (mine: ShownPhase) => (phase === mine ? "●" : isPast(mine) ? "✓" : " ");
  return [
    `${working("source")} source   ${phase === "source" ? "making the tables" : "ready"}`,
    `${working("posts")} posts    ${posted === undefined ? "" : `${count(posted.posts.sent)} posts, ${count(posted.sent)} records acknowledged`}`,
    `${working("posts")} log      ${count(logged)} records`,
    `${working("posts")} sink     ${count(landed)} records landed, ${count(logged > landed ? logged - landed : 0n)} in open files`,
    `${working("stream")} stream   ${datasets.map(({ dataset, rows }) => `${dataset} ${count(rows)}`).join(", ")} rows`,
    `${working("batch")} batch    ${phase === "batch" ? "cleaning and answering" : ""}`,
    `${working("verify")} verify   ${phase === "verify" ? "counting every event, comparing the arms" : ""}`,
  ];
}

const sum = <T>(all: readonly T[], of: (one: T) => bigint): bigint => all.reduce((total, one) => total + of(one), 0n);
