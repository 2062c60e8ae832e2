import type { RebuiltTable } from "../console/operations.ts";
import type { RunReport, TaskReport } from "../schedule/run-workflow.ts";
import { size } from "./option-values.ts";
import type { AddCommands } from "./program.ts";
import { operating } from "./reading.ts";

export const addRunCommands: AddCommands = (program, context) => {
  const flush = program
    .command("flush")
    .description("closes the open object files now: what was acknowledged is in objects");
  flush.action(async () => {
    const on = context(flush);
    const done = await operating(on, (operations) => operations.flush(on.effects.signal));
    on.print(done, () => `flushed in ${done.seconds} s\n`);
  });

  const run = program
    .command("run")
    .argument("<workflow|task>", "its name; `daily` is there in every project")
    .description("runs a workflow, or one task of it, now")
    .option("--full", "makes the tables again from every object instead of adding what is new")
    .option("--memory <size>", "what a query may use before it spills, such as 1GB", size);
  run.action(async (name: string) => {
    const on = context(run);
    const { full, memory } = run.opts<{ full?: true; memory?: string }>();
    const request = { name, ...(full === undefined ? {} : { full }), ...(memory === undefined ? {} : { memory }) };
    on.note(`running ${name}`);
    const report = await operating(on, (operations) => operations.run(request, on.effects.signal));
    on.print(report, () => describeRun(report));
    const { throwTaskFailure } = await import("../app/task-failure.ts");
    throwTaskFailure(report);
  });

  const stream = program.command("stream").description("the stream arm");
  const rebuild = stream
    .command("rebuild")
    .argument("[dataset]", "its name")
    .description("makes stream tables again from objects, then the log; all of them without a name");
  rebuild.action(async (dataset: string | undefined) => {
    const on = context(rebuild);
    const done = await operating(on, (operations) => operations.rebuildStream(dataset, on.effects.signal));
    on.print(done, () => done.rebuilt.map(describeRebuild).join(""));
  });
};

function describeRebuild({
  dataset,
  version,
  events,
  rows,
  superseded,
  quarantined,
  tombstones,
}: RebuiltTable): string {
  return `${dataset}: ${rows} rows of ${events} events (superseded ${superseded}, quarantined ${quarantined}, tombstones ${tombstones}) in version ${version}\n`;
}

export function describeRun({ workflow, tasks, seconds }: RunReport): string {
  const width = Math.max(...tasks.map(({ task }) => task.length));
  return `${tasks.map((task) => `  ${describeTask(task, width)}\n`).join("")}${workflow} took ${seconds} s\n`;
}

function describeTask({ task, state, seconds, result, error }: TaskReport, width: number): string {
  const otherwise = result?.dataset === undefined ? "" : "nothing new";
  const head = `${task.padEnd(width)}  ${state.padEnd(9)}  ${`${seconds} s`.padStart(8)}`;
  if (error !== undefined) return `${head}  ${error.message}`;
  const figures = Object.entries(result ?? {}).flatMap(([name, value]) => {
    if (typeof value === "number" && value > 0 && name !== "seconds") return [`${name} ${value}`];
    if (name === "warnings")
      return Object.entries(value as Record<string, number>).flatMap(([rule, count]) =>
        count > 0 ? [`warning ${rule} ${count}`] : [],
      );
    if (name === "answers") return [`${(value as readonly unknown[]).length} answers`];
    return [];
  });
  return `${head}  ${figures.join(", ") || otherwise}`.trimEnd();
}
