import { z } from "zod";
import { parseDefinition } from "./parse-definition.ts";

const taskName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]*$/, "must be lower-case letters, digits, _ and -, starting with a letter");
const after = z.array(taskName).default([]);

const task = z.discriminatedUnion("kind", [
  /** Closes the open sink files. */
  z.strictObject({ kind: z.literal("flush"), after }),
  /** Brings one dataset's batch table up to date. */
  z.strictObject({ kind: z.literal("dataset"), dataset: z.string().min(1), after }),
  /** Computes and stores the answers: all, or those named. */
  z.strictObject({ kind: z.literal("answers"), answers: z.array(z.string()).optional(), after }),
]);

const workflowSchema = z.strictObject({
  name: taskName,
  description: z.string().default(""),
  /** `@daily`, `@hourly` or five cron fields, in UTC; without one it runs when asked. */
  schedule: z.string().optional(),
  tasks: z.record(taskName, task),
});

export type WorkflowInput = z.input<typeof workflowSchema>;
export type Workflow = z.output<typeof workflowSchema>;
export type WorkflowTask = z.output<typeof task>;

/** Defines a workflow. Throws CONFIG_INVALID naming each wrong key and what is allowed there. */
export function defineWorkflow(input: WorkflowInput): Workflow {
  return parseDefinition("workflow", workflowSchema, input, (workflow) => {
    const names = Object.keys(workflow.tasks);
    const unknown = Object.entries(workflow.tasks).flatMap(([name, { after: before }]) =>
      before
        .filter((other) => !names.includes(other))
        .map((other) => `tasks.${name}.after: there is no task "${other}" (${names.join(", ")})`),
    );
    return unknown.length > 0 || taskOrder(workflow.tasks) !== undefined
      ? unknown
      : ["tasks: they wait for each other in a circle"];
  });
}

/** Task names, each behind those it waits for; undefined when they wait in a circle. */
export function taskOrder(
  tasks: Readonly<Record<string, { readonly after: readonly string[] }>>,
): string[] | undefined {
  const ordered: string[] = [];
  const left = new Set(Object.keys(tasks));
  while (left.size > 0) {
    const ready = [...left].filter((name) => tasks[name]?.after.every((other) => !left.has(other)));
    if (ready.length === 0) return undefined;
    for (const name of ready) {
      ordered.push(name);
      left.delete(name);
    }
  }
  return ordered;
}
