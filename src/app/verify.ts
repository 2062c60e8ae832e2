import type { Project } from "../config/load-project.ts";
import { type Dataset, matchesPattern } from "../define/dataset.ts";
import type { QueryEngine, QuerySession } from "../engine/query-engine.ts";
import type { EventLog, StagePartition } from "../log/event-log.ts";
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
  /** Up to where events are counted: all that the log took, or those that each table says it has taken. Default `log`. */
  readonly upTo?: "log" | "tables";
}

/** Whether every event is accounted for on both arms, and both arms have the same rows. Meant for arms at rest. */
export async function verify(parts: VerifyParts): Promise<Verification> {
  await using session = await parts.engine.session();
  const reconciliation = await conservation(parts, session);
  const agreement = await compareArms({ ...parts, session, datasets: parts.project.datasets });
  return {
    reconciliation,
    agreement,
    lost: conservationProblems(reconciliation),
    differing: agreementProblems(agreement),
  };
}

/** Whether every event is accounted for, on both arms. */
export async function conservation(parts: VerifyParts, session: QuerySession): Promise<Conservation[]> {
  const { openTable, log, upTo = "log" } = parts;
  const { datasets } = parts.project;
  const common = { openTable, session, datasets, onlyTaken: upTo === "tables" };
  const partitionsFor = async (taken: readonly Taken[]) =>
    upTo === "log" ? await log.stagePartitions() : asTaken(await log.stagePartitions(), taken);
  return [
    ...(await reconcile({
      ...common,
      arm: "batch",
      events: async (dataset, taken) => batchEvents(await partitionsFor(taken), dataset, taken),
    })),
    ...(await reconcile({
      ...common,
      arm: "stream",
      events: async (dataset, taken) => streamEvents(log, await partitionsFor(taken), dataset, datasets, taken),
    })),
  ];
}

/** The partitions as if they ended where a table has come. */
const asTaken = (partitions: readonly StagePartition[], taken: readonly Taken[]): StagePartition[] =>
  partitions.map((of) => {
    const next = taken.find(
      ({ topic, partition }) => partition === of.partition && topic === (streamOf(of.topic) ?? of.topic),
    )?.next;
    return { ...of, end: next ?? 0n };
  });

function batchEvents(partitions: readonly StagePartition[], dataset: Dataset, taken: readonly Taken[]): number {
  // What the table took of topics that its definition has given up since is no longer in it.
  const takes = ({ topic }: { readonly topic: string }) =>
    !isInternalTopic(topic) && dataset.inputs.topics.some((pattern) => matchesPattern(pattern, topic));
  return countEvents(partitions.filter(takes), taken.filter(takes));
}

async function streamEvents(
  log: EventLog,
  partitions: readonly StagePartition[],
  dataset: Dataset,
  datasets: readonly Dataset[],
  taken: readonly Taken[],
): Promise<number | undefined> {
  const whole = [];
  const shared = new Set<string>();
  let events = 0;
  for (const { topic, partition, start, end } of partitions) {
    const stream = streamOf(topic);
    if (stream === undefined) continue;
    const claim = claimOn(dataset, stream, datasets);
    if (claim === "whole") whole.push({ topic: stream, partition, end });
    if (claim !== "by-key") continue;
    if (start > 0n) return undefined; // whose the records were that the log let go of, nothing tells
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
