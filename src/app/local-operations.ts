import type { Clock } from "../clock.ts";
import type { Project } from "../config/load-project.ts";
import type { Operations, RunRequest } from "../console/operations.ts";
import type { Workflow, WorkflowTask } from "../define/workflow.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { type RunHistory, recorded } from "../schedule/run-history.ts";
import { runWorkflow, type TaskResult } from "../schedule/run-workflow.ts";
import { nameSystemError } from "../storage-error.ts";
import type { DataFolder } from "./data-folder.ts";
import { jsonOffset } from "./record-report.ts";
import type { Stages } from "./stages.ts";
import { tableUpkeep } from "./table-upkeep.ts";
import type { Topics } from "./topics.ts";
import { readUpFile } from "./up-file.ts";
import { workflowsOf } from "./workflows.ts";

export interface OperationParts {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly engine: QueryEngine;
  readonly stages: Stages;
  readonly topics: Topics;
  readonly runs: RunHistory;
}

/** The operations, carried out by the process that holds the folder. Runs come one after another. */
export function localOperations(parts: OperationParts): Operations {
  const { project, folder, clock, log, stages, topics, runs } = parts;
  const startedAt = new Date(clock.now()).toISOString();
  const { sink, stream, batch } = stages;
  const oneAtATime = queue();
  const upkeep = tableUpkeep(parts);

  const flush = async (signal?: AbortSignal) => {
    const startedMs = clock.monotonic();
    await sink.flush(signal === undefined ? {} : { signal });
    return { seconds: Math.round(clock.monotonic() - startedMs) / 1000 };
  };

  const runTask = async (task: WorkflowTask, request: RunRequest, signal: AbortSignal): Promise<TaskResult> => {
    const memory = request.memory === undefined ? {} : { memory: request.memory };
    switch (task.kind) {
      case "flush":
        return flush(signal);
      case "dataset":
        return { ...(await batch.runDataset(task.dataset, { full: request.full ?? false, signal, ...memory })) };
      case "answers":
        return { answers: await batch.runAnswers(task.answers, { signal, ...memory }) };
    }
  };

  return {
    status: async () => ({
      pid: process.pid,
      folder: folder.root,
      startedAt,
      gateway: readUpFile(folder.up)?.gateway,
      topics: await topics.list("topics"),
      streams: await topics.list("streams"),
      retention: plain(log.retention()),
      stages: { sink: plain(sink.status()), stream: plain(stream.status()) },
    }),
    flush,
    run: (request, signal = new AbortController().signal) =>
      oneAtATime(() => {
        const { workflow, only } = named(workflowsOf(project), request.name);
        const begun = { workflow: workflow.name, task: only, startedAt: new Date(clock.now()).toISOString() };
        const work = () =>
          runWorkflow({
            workflow,
            signal,
            monotonic: clock.monotonic,
            runTask: (task) =>
              runTask(task, request, signal).catch((error: unknown) => {
                throw nameSystemError(error);
              }),
            ...(only === undefined ? {} : { only }),
          });
        return recorded(runs, begun, work);
      }),
    rebuildStream: (dataset, signal = new AbortController().signal) =>
      oneAtATime(async () => ({ rebuilt: await stream.rebuild(dataset, signal) })),
    optimize: (table, request, signal) => oneAtATime(() => upkeep.optimize(table, request, signal)),
    vacuum: (table, request) => oneAtATime(() => upkeep.vacuum(table, request)),
    checkpoint: (table) => oneAtATime(() => upkeep.checkpoint(table)),
    list: (kind) => topics.list(kind),
    create: (kind, name, partitions) => topics.create(kind, name, partitions),
    remove: (kind, name) => topics.remove(kind, name),
    read: (kind, name, request, signal) => topics.read(kind, name, request, signal),
  };
}

/** As JSON can hold it: offsets as numbers where they are exact, errors as their messages. */
function plain(status: unknown): unknown {
  return JSON.parse(
    JSON.stringify(status, (_, value: unknown) =>
      typeof value === "bigint" ? jsonOffset(value) : value instanceof Error ? value.message : value,
    ),
  );
}

/** A workflow by its name, or a task of one by its own. Throws UNKNOWN_NAME. */
function named(workflows: readonly Workflow[], name: string): { workflow: Workflow; only?: string } {
  const workflow = workflows.find((one) => one.name === name);
  if (workflow !== undefined) return { workflow };
  const holder = workflows.find(({ tasks }) => Object.hasOwn(tasks, name));
  if (holder !== undefined) return { workflow: holder, only: name };
  const known = workflows.flatMap((one) => [one.name, ...Object.keys(one.tasks)]);
  throw new PinlakeError("UNKNOWN_NAME", { what: "workflow or task", name, known });
}

function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
