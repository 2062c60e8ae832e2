import type { Project } from "../config/load-project.ts";
import type { Workflow } from "../define/workflow.ts";

/** The project's workflows; one that has no `daily` gets it: everything there is. */
export function workflowsOf({ workflows, datasets }: Pick<Project, "workflows" | "datasets">): readonly Workflow[] {
  if (workflows.some(({ name }) => name === "daily")) return workflows;
  const names = datasets.map(({ name }) => name);
  const daily: Workflow = {
    name: "daily",
    description: "Every dataset, then the answers",
    tasks: {
      flush: { kind: "flush", after: [] },
      ...Object.fromEntries(names.map((name) => [name, { kind: "dataset" as const, dataset: name, after: ["flush"] }])),
      answers: { kind: "answers", after: names },
    },
  };
  return [...workflows, daily];
}
