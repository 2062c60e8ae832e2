import { existsSync } from "node:fs";
import type { App } from "../app.ts";
import type { RunReport } from "../schedule/run-workflow.ts";
import { type EmulatorResult, emulate } from "./emulate.ts";
import type { Serving } from "./serve.ts";
import { createSourceOf } from "./source.ts";
import { type Verification, verify } from "./verify.ts";

export interface DemoOptions {
  /** So many draws of Python's generator, one at a time; undefined: every row in key order, 32 at once. */
  readonly posts: number | undefined;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: DemoPhase) => void;
  readonly onProgress: (progress: EmulatorResult) => void;
}

export type DemoPhase = "source" | "posts" | "stream" | "batch" | "verify";

export interface DemoReport {
  readonly posts: EmulatorResult;
  readonly run: RunReport;
  readonly verification: Verification;
}

/** The whole pipeline once, on a running app: posts, both arms, answers, and whether everything adds up. */
export async function runDemo(app: App, serving: Serving, options: DemoOptions): Promise<DemoReport> {
  const { project, folder, clock, stages, operations } = app;
  const { posts, signal, onPhase, onProgress } = options;
  onPhase("source");
  if (!existsSync(folder.source)) await createSourceOf(project, folder, { seed: SEED, replace: false, signal });
  onPhase("posts");
  const sent = await emulate({
    project,
    folder,
    clock,
    signal,
    url: serving.gateway,
    to: "both",
    seed: SEED,
    delay: { minMs: 0, maxMs: 0 },
    onProgress,
    ...(posts === undefined
      ? { random: "all" as const, inFlight: 32 }
      : { random: "python" as const, inFlight: 1, posts }),
  });
  onPhase("stream");
  await stages.stream.caughtUp(signal);
  onPhase("batch");
  const run = await operations.run({ name: "daily" }, signal);
  onPhase("verify");
  return { posts: sent, run, verification: await verify({ ...app, openTable: stages.openTable }) };
}

const SEED = 100;
