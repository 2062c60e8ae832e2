import type { DemoReport } from "../app/demo.ts";
import type { EmulatorResult } from "../app/emulate.ts";
import type { ResultTable } from "../app/results.ts";
import type { App } from "../app.ts";
import type { CommandContext } from "./context.ts";
import { demoProgress, type ShownPhase } from "./demo-progress.ts";
import { demoDocument, demoText } from "./demo-report.ts";
import { positiveInteger } from "./option-values.ts";
import type { AddCommands } from "./program.ts";
import { progressBlock } from "./progress-block.ts";
import { DRAINING, untilAborted } from "./until-aborted.ts";

export const addDemoCommand: AddCommands = (program, context) => {
  const demo = program
    .command("demo")
    .description("the whole pipeline on embedded defaults: source, posts, both arms, answers, and whether all adds up")
    .option(
      "--posts <number>",
      "so many posts, drawn as the original's scripts draw them (default: 500)",
      positiveInteger,
    )
    .option("--all", "every row of the source once, 32 at a time; where --posts is given too, that counts")
    .option("--exit", "ends when it is done; on a terminal it would stay up");
  demo.action(async () => {
    const on = context(demo);
    const { posts, all = false, exit = false } = demo.opts<{ posts?: number; all?: boolean; exit?: boolean }>();
    const startedMs = performance.now();
    const { openApp } = await import("../app.ts");
    await using app = await openApp({ project: await on.project(), data: on.data });
    await using serving = await app.serve({ logLevel: on.logLevel });
    const report = await Promise.race([run(on, app, posts ?? (all ? undefined : 500), serving), serving.failed]).catch(
      (error: unknown) => {
        if (on.effects.signal.aborted) on.note(DRAINING);
        throw error;
      },
    );
    const { throwTaskFailure } = await import("../app/task-failure.ts");
    throwTaskFailure(report.run);
    const answers = await readAnswers(app, on.effects.signal);
    const seconds = Math.round(performance.now() - startedMs) / 1000;
    const stays = !exit && on.effects.outIsTerminal;
    const parts = { app, serving, report, answers, seconds, stays, sameFolder: on.sameFolder };
    on.print(demoDocument(parts), () => demoText(parts));
    await requireAllRight(report);
    if (!stays) return;
    on.note(`\nstays up: ${serving.gateway} takes posts, Ctrl-C ends it`);
    await Promise.race([untilAborted(on.effects.signal), serving.failed]);
    on.note(DRAINING);
  });
};

async function run(
  on: CommandContext,
  app: App,
  posts: number | undefined,
  serving: Awaited<ReturnType<App["serve"]>>,
): Promise<DemoReport> {
  let phase: ShownPhase = "source";
  let posted: EmulatorResult | undefined;
  await using progress = progressBlock(on.effects, () => demoProgress(app, phase, posted));
  const { runDemo } = await import("../app/demo.ts");
  const report = await runDemo(app, serving, {
    posts,
    signal: on.effects.signal,
    onPhase: (next) => {
      phase = next;
    },
    onProgress: (reached) => {
      posted = reached;
    },
  });
  phase = "done";
  await progress.end();
  return report;
}

async function readAnswers({ project, stages }: App, signal: AbortSignal) {
  const { resultTable } = await import("../app/results.ts");
  const all = new Map<string, ResultTable>();
  for (const { name } of project.answers) all.set(name, resultTable(await stages.batch.storedAnswer(name, { signal })));
  return all;
}

/** What was printed is what was found; a difference makes the command fail. */
async function requireAllRight({ posts, verification }: DemoReport): Promise<void> {
  const [{ PinlakeError }, { requireAllAccepted }] = await Promise.all([
    import("../errors.ts"),
    import("../app/emulate.ts"),
  ]);
  const { lost, differing } = verification;
  if (lost.length > 0) throw new PinlakeError("NOT_CONSERVED", { problems: lost });
  if (differing.length > 0) throw new PinlakeError("ARMS_DISAGREE", { problems: differing });
  requireAllAccepted(posts);
}
