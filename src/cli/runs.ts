import type { RecordedRun } from "../schedule/run-history.ts";
import type { CommandContext } from "./context.ts";
import { positiveInteger } from "./option-values.ts";
import type { AddCommands } from "./program.ts";
import { describeRun } from "./run.ts";

export const addRunsCommands: AddCommands = (program, context) => {
  const runs = program.command("runs").description("what `run` and `demo` ran, when, and how it went");

  const ls = runs
    .command("ls")
    .description("the runs, newest first")
    .option("--limit <number>", "how many", positiveInteger, 20);
  ls.action(async () => {
    const on = context(ls);
    const { limit } = ls.opts<{ limit: number }>();
    using history = await historyOf(on);
    on.printRows({
      columns: ["id", "workflow", "task", "state", "started", "seconds"],
      rows: history
        .list(limit)
        .map(({ id, workflow, task, state, startedAt, seconds }) => [
          ...[id, workflow, task ?? null, state, startedAt],
          seconds ?? null,
        ]),
    });
  });

  const show = runs
    .command("show")
    .description("a run, task by task")
    .argument("<id>", "as `runs ls` lists it", positiveInteger);
  show.action(async (id: number) => {
    const on = context(show);
    using history = await historyOf(on);
    const run = history.find(id);
    if (run === undefined) {
      const { PinlakeError } = await import("../errors.ts");
      const known = history.list(5).map((one) => String(one.id));
      throw new PinlakeError("UNKNOWN_NAME", { what: "run", name: String(id), known });
    }
    on.print(run, () => describe(run));
  });
};

async function historyOf({ data }: CommandContext) {
  const [{ openRunHistory }, { dataFolder }] = await Promise.all([
    import("../schedule/run-history.ts"),
    import("../app/data-folder.ts"),
  ]);
  return openRunHistory(dataFolder(data).state, { readOnly: true });
}

function describe({ id, workflow, task, state, startedAt, seconds, tasks }: RecordedRun): string {
  const name = task === undefined ? workflow : `${task} of ${workflow}`;
  const head = `run ${id}: ${name}, ${state}, begun ${startedAt}\n`;
  if (tasks.length === 0) return head;
  return head + describeRun({ workflow, ok: state === "succeeded", seconds: seconds ?? 0, tasks });
}
