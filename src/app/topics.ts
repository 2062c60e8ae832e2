import type { LogKind, ReadReply, ReadRequest, TopicReport } from "../console/operations.ts";
import type { Config } from "../define/config.ts";
import { type Dataset, matchesPattern } from "../define/dataset.ts";
import { isPinlakeError, PinlakeError } from "../errors.ts";
import type { EventLog, TopicDescription } from "../log/event-log.ts";
import { isInternalTopic, isTopicName, streamOf, streamTopic } from "../log/names.ts";
import { jsonOffset, recordReport } from "./record-report.ts";

/** Topics and streams as the verbs show and change them; streams are topics under internal names. */
export interface Topics {
  list(kind: LogKind): Promise<TopicReport[]>;
  create(kind: LogKind, name: string, partitions?: number): Promise<TopicReport>;
  remove(kind: LogKind, name: string): Promise<void>;
  read(kind: LogKind, name: string, request: ReadRequest, signal?: AbortSignal): Promise<ReadReply>;
  /** The topics and streams of the project's namespace, one of each per dataset. */
  createOwn(): Promise<void>;
}

export function topicsOf(log: EventLog, config: Config, datasets: readonly Dataset[]): Topics {
  const report = async (kind: LogKind, { topic, partitions }: TopicDescription): Promise<TopicReport> => {
    const name = nameOf(kind, topic) ?? topic;
    const bounds = await Promise.all(partitions.map(({ partition }) => log.bounds(topic, partition)));
    return {
      name,
      records: bounds.reduce((sum, { start, end }) => sum + Number(end - start), 0),
      partitions: partitions.map(({ partition, closed }, i) => ({
        partition,
        closed,
        start: jsonOffset(bounds[i]?.start ?? 0n),
        end: jsonOffset(bounds[i]?.end ?? 0n),
      })),
      datasets: datasets
        .filter(({ inputs }) => inputs[kind].some((pattern) => matchesPattern(pattern, name)))
        .map((dataset) => dataset.name),
    };
  };

  const create = async (kind: LogKind, name: string, partitions = config.log.partitions) => {
    if (!isTopicName(name) || isInternalTopic(name)) throw new PinlakeError("TOPIC_NAME_INVALID", { topic: name });
    return inOwnWords(kind, name, async () => {
      const options = kind === "streams" ? { partitions, hashRanges: evenHashRanges(partitions) } : { partitions };
      return report(kind, await log.createTopic(internalName(kind, name), options));
    });
  };

  return {
    create,
    async list(kind) {
      const all = await log.listTopics();
      return Promise.all(
        all.filter(({ topic }) => nameOf(kind, topic) !== undefined).map((topic) => report(kind, topic)),
      );
    },
    remove: (kind, name) => inOwnWords(kind, name, () => log.deleteTopic(internalName(kind, name))),
    read: (kind, name, { partition, from, maxRecords, waitMs }, signal) =>
      inOwnWords(kind, name, async () => {
        const options = { maxRecords, waitMs, ...(signal === undefined ? {} : { signal }) };
        const { records, next } = await log.read(internalName(kind, name), partition, BigInt(from), options);
        return { records: records.map((record) => recordReport(partition, record)), next: next.toString() };
      }),
    async createOwn() {
      for (const { name } of datasets)
        for (const [kind, own] of [
          ["topics", `${config.namespace}.${name}`],
          ["streams", `streaming-${config.namespace}-${name}`],
        ] as const)
          await create(kind, own).catch((error: unknown) => {
            if (!isPinlakeError(error, "TOPIC_EXISTS") && !isPinlakeError(error, "STREAM_EXISTS")) throw error;
          });
    },
  };
}

const internalName = (kind: LogKind, name: string): string => (kind === "streams" ? streamTopic(name) : name);

function nameOf(kind: LogKind, topic: string): string | undefined {
  if (kind === "streams") return streamOf(topic);
  return isInternalTopic(topic) ? undefined : topic;
}

/** The log speaks of topics; who asked for a stream hears of a stream. */
async function inOwnWords<T>(kind: LogKind, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (kind === "streams" && isPinlakeError(error, "TOPIC_NOT_FOUND"))
      throw new PinlakeError("STREAM_NOT_FOUND", { stream: name }, { cause: error });
    if (kind === "streams" && isPinlakeError(error, "TOPIC_EXISTS"))
      throw new PinlakeError("STREAM_EXISTS", { stream: name }, { cause: error });
    throw error;
  }
}

/** Splits the 128-bit hash keys evenly: the last shard takes what division leaves over. */
function evenHashRanges(shards: number): { start: bigint; end: bigint }[] {
  const width = 2n ** 128n / BigInt(shards);
  return Array.from({ length: shards }, (_, i) => ({
    start: width * BigInt(i),
    end: i === shards - 1 ? 2n ** 128n - 1n : width * BigInt(i + 1) - 1n,
  }));
}
