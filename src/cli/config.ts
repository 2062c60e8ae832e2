import type { AddCommands } from "./program.ts";

export const addConfigCommand: AddCommands = (program, context) => {
  const config = program.command("config").description("the configuration in force");
  config.action(async () => {
    const { effects, format, ...at } = context(config);
    const project = await at.project();
    effects.out(`${JSON.stringify(project.config, null, format === "json" ? 0 : 2)}\n`);
  });

  const check = config
    .command("check")
    .description("checks the project: configuration, datasets, SQL, answers, workflows");
  check.action(async () => {
    const { print, ...at } = context(check);
    const project = await at.project();
    if (project.loadSource !== undefined) await project.loadSource();
    const [{ checkSql }, { openEngine }, { dataFolder }, { workflowsOf }] = await Promise.all([
      import("../app/check-sql.ts"),
      import("../app/drivers.ts"),
      import("../app/data-folder.ts"),
      import("../app/workflows.ts"),
    ]);
    await using engine = await openEngine(project.config, dataFolder(at.data));
    await checkSql(project, engine);
    const names = (defined: readonly { readonly name: string }[]) => defined.map(({ name }) => name);
    const found = {
      project: project.folder,
      datasets: names(project.datasets),
      answers: names(project.answers),
      workflows: names(workflowsOf(project)),
    };
    print(
      found,
      () =>
        `${project.folder} is fine\n  datasets: ${list(found.datasets)}\n  answers: ${list(found.answers)}\n  workflows: ${list(found.workflows)}\n`,
    );
  });
};

const list = (names: readonly string[]): string => names.join(", ") || "none";
