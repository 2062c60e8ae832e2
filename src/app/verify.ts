import type { Project } from "../config/load-project.ts";
import { type Dataset, matchesPattern } from "../define/dataset.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import type { EventLog } from "../log/event-log.ts";
import { isInternalTopic, streamOf } from "../log/names.ts";
import { type Agreement, agreementProblems, compareArms } from "../quarantine/agreement.ts";
import { type Conservation, conservationProblems, countEvents, reconcile } from "../quarantine/conservation.ts";
import type { Taken } from "../quarantine/progress.ts";
import { claimOn, partitionKeyFilter } from "../stream/routing.ts";
import type { OpenTable } from "./drivers.ts";

export interface Verification {
  readonly reconciliation: readonly Conservation[];
  readonly agreement: readonly Agreement[];
  /** A sentence for each thing that does not add up. */
  readonly lost: readonly string[];
  readonly differing: readonly string[];
}

export interface VerifyParts {
  readonly project: Project;
  readonly log: EventLog;
  readonly engine: QueryEngine;
  readonly openTable: OpenTable;
}

/** Whether every event is accounted for on both arms, and both arms have the same rows. Meant for arms at rest. */
export async function verify({ project, log, engine, openTable }: VerifyParts): Promise<Verification> {
  const { datasets } = project;
  await using session = await engine.session();
  const common = { openTable, session, datasets };
  const reconciliation = [
    ...(await reconcile({ ...common, arm: "batch", events: (dataset, taken) => batchEvents(log, dataset, taken) })),
    ...(await reconcile({
      ...common,
      arm: "stream",
      events: (dataset, taken) => streamEvents(log, dataset, datasets, taken),
    })),
  ];
  const agreement = await compareArms(common);
  return {
    reconciliation,
    agreement,
    lost: conservationProblems(reconciliation),
    differing: agreementProblems(agreement),
  };
}

async function batchEvents(log: EventLog, dataset: Dataset, taken: readonly Taken[]): Promise<number> {
  const partitions = await log.stagePartitions();
  // What the table took of topics that its definition has given up since is no longer in it.
  const takes = ({ topic }: { readonly topic: string }) =>
    !isInternalTopic(topic) && dataset.inputs.topics.some((pattern) => matchesPattern(pattern, topic));
  return countEvents(partitions.filter(takes), taken.filter(takes));
}

async function streamEvents(
  log: EventLog,
  dataset: Dataset,
  datasets: readonly Dataset[],
  taken: readonly Taken[],
): Promise<number> {
  const whole = [];
  const shared = new Set<string>();
  let events = 0;
  for (const { topic, partition, start, end } of await log.stagePartitions()) {
    const stream = streamOf(topic);
    if (stream === undefined) continue;
    const claim = claimOn(dataset, stream, datasets);
    if (claim === "whole") whole.push({ topic: stream, partition, end });
    if (claim !== "by-key") continue;
    shared.add(`${stream}/${partition}`);
    events += await countByKey(log, dataset, { topic, partition, start, end });
  }
  const own = taken.filter(
    ({ topic, partition }) => claimOn(dataset, topic, datasets) !== "none" && !shared.has(`${topic}/${partition}`),
  );
  return events + countEvents(whole, own);
}

/** Of a stream that several datasets share, only the records themselves say whose they are. */
async function countByKey(
  log: EventLog,
  dataset: Dataset,
  { topic, partition, start, end }: { topic: string; partition: number; start: bigint; end: bigint },
): Promise<number> {
  const mine = partitionKeyFilter([dataset]);
  let count = 0;
  for (let from = start; from < end; ) {
    const { records, next } = await log.read(topic, partition, from, { includeDeleted: true });
    for (const { offset, key } of records) if (offset < end && mine(key)) count++;
    if (next === from) break;
    from = next;
  }
  return count;
}
