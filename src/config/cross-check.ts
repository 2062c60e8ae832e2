import type { Answer } from "../define/answer.ts";
import type { Dataset } from "../define/dataset.ts";
import { taskOrder, type Workflow } from "../define/workflow.ts";
import { PinlakeError } from "../errors.ts";

interface Read<T> {
  readonly path: string;
  readonly value: T;
}

interface Definitions {
  readonly datasets: readonly Read<Dataset>[];
  readonly answers: readonly Read<Answer>[];
  readonly workflows: readonly Read<Workflow>[];
}

interface Checked {
  readonly datasets: readonly Dataset[];
  readonly answers: readonly Answer[];
  readonly workflows: readonly Workflow[];
}

/** Names that SQL and the table folders use themselves. */
const RESERVED = ["quarantine", "batch", "stream", "answers", "params", "raw", "flush"];

/**
 * What no file can see alone: names that stand twice, names that nothing has, circles. Answers come out each behind
 * those it reads. Throws CONFIG_INVALID naming the file.
 */
export function crossCheck(folder: string, { datasets, answers, workflows }: Definitions): Checked {
  if (datasets.length === 0) fail(folder, "datasets: there is none; write datasets/<name>.ts and datasets/<name>.sql");
  noneTwice([...datasets, ...answers]);
  noneTwice(workflows);
  for (const { path, value } of [...datasets, ...answers])
    if (RESERVED.includes(value.name)) fail(path, `name: "${value.name}" is taken by Pinlake itself`);
  for (const kind of ["topics", "streams", "partitionKeys"] as const) {
    const owners = new Map<string, string>();
    for (const { path, value } of datasets)
      for (const pattern of value.inputs[kind]) {
        const owner = owners.get(pattern);
        if (owner !== undefined) fail(path, `inputs.${kind}: "${pattern}" is claimed by "${owner}" already`);
        owners.set(pattern, value.name);
      }
  }
  const datasetNames = datasets.map(({ value }) => value.name);
  const answerNames = answers.map(({ value }) => value.name);
  for (const { path, value } of answers)
    known(path, "from", value.from, [...datasetNames, ...answerNames], "dataset or answer");
  for (const { path, value } of workflows)
    for (const [task, definition] of Object.entries(value.tasks)) {
      if (definition.kind === "dataset")
        known(path, `tasks.${task}.dataset`, [definition.dataset], datasetNames, "dataset");
      if (definition.kind === "answers")
        known(path, `tasks.${task}.answers`, definition.answers ?? [], answerNames, "answer");
    }
  return {
    datasets: datasets.map(({ value }) => value),
    answers: inReadingOrder(answers),
    workflows: workflows.map(({ value }) => value),
  };
}

function inReadingOrder(answers: readonly Read<Answer>[]): Answer[] {
  const byName = new Map(answers.map(({ value }) => [value.name, value]));
  const order = taskOrder(
    Object.fromEntries(
      answers.map(({ value }) => [value.name, { after: value.from.filter((name) => byName.has(name)) }]),
    ),
  );
  const [first] = answers;
  if (order === undefined && first !== undefined) fail(first.path, "from: answers read each other in a circle");
  return (order ?? []).flatMap((name) => byName.get(name) ?? []);
}

function noneTwice(read: readonly Read<{ readonly name: string }>[]): void {
  const paths = new Map<string, string>();
  for (const { path, value } of read) {
    const other = paths.get(value.name);
    if (other !== undefined) fail(path, `name: "${value.name}" is defined in ${other} already`);
    paths.set(value.name, path);
  }
}

function known(path: string, key: string, names: readonly string[], allowed: readonly string[], what: string): void {
  for (const name of names)
    if (!allowed.includes(name))
      fail(path, `${key}: there is no ${what} "${name}"; known: ${allowed.join(", ") || "none"}`);
}

function fail(file: string, problem: string): never {
  throw new PinlakeError("CONFIG_INVALID", { file, problems: [problem] });
}
