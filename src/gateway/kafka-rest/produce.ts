import { isPinlakeError, PinlakeError } from "../../errors.ts";
import type { AppendOutcome, AppendRecord, EventLog } from "../../log/event-log.ts";
import { isInternalTopic, isTopicName } from "../../log/names.ts";
import type { GatewayContext, GatewayRequest, Method, Reply } from "../http.ts";
import { recordErrorCode } from "./errors.ts";
import { acceptedType, embeddedFormat } from "./media-types.ts";
import { parseProduceRequest } from "./produce-request.ts";

/**
 * POST /topics/{topic} and /topics/{topic}/partitions/{partition}.
 *
 * Answers 200 with one outcome per record once every stored one is acknowledged by the log; a request of which the log
 * could store nothing throws what the log threw.
 */
export async function produce(context: GatewayContext, request: GatewayRequest): Promise<Reply> {
  const type = acceptedType(request.headers.accept);
  const format = embeddedFormat(request.headers["content-type"]);
  const topic = request.params.topic!;
  const records = parseProduceRequest(request.body, format, {
    partition: partitionOf(request, "POST"),
    timestampMs: context.clock.now(),
  });
  const outcomes = await append(context, topic, records);
  return { status: isInternalTopic(topic) ? 403 : 200, type, body: produceResponse(topic, outcomes) };
}

/** The partition of the path; one that is no number has no route, as in Confluent's. */
export function partitionOf({ params }: GatewayRequest, method: Method): number | undefined {
  const { partition } = params;
  if (partition === undefined || /^\d{1,9}$/.test(partition))
    return partition === undefined ? undefined : Number(partition);
  throw new PinlakeError("ROUTE_NOT_FOUND", {
    method,
    path: `/topics/${params.topic}/partitions/${partition}`,
  });
}

async function append(
  context: GatewayContext,
  topic: string,
  records: readonly AppendRecord[],
): Promise<readonly AppendOutcome[]> {
  if (isInternalTopic(topic)) return allFailed(records, new PinlakeError("TOPIC_INTERNAL", { topic }));
  if (!isTopicName(topic)) return allFailed(records, new PinlakeError("TOPIC_NAME_INVALID", { topic }));
  const { autoCreate, maxRecordBytes, partitions } = context.config;
  const plain = records.every((record) => record.partition === undefined && bytesOf(record) <= maxRecordBytes);
  const appendKnown = () => (plain ? context.log.append(topic, records) : appendFitting(context, topic, records));
  try {
    return await appendKnown();
  } catch (error) {
    if (!isPinlakeError(error, "TOPIC_NOT_FOUND")) throw error;
    if (!autoCreate) return allFailed(records, error);
    await createIfAbsent(context.log, topic, partitions);
    return await appendKnown();
  }
}

/** Appends what can be appended; the others' reasons stand in their places. */
async function appendFitting(
  { log, config: { maxRecordBytes } }: GatewayContext,
  topic: string,
  records: readonly AppendRecord[],
): Promise<readonly AppendOutcome[]> {
  const partitions = (await log.describeTopic(topic)).partitions.length;
  const refusals = records.map((record) => refusal(record, topic, partitions, maxRecordBytes));
  const sent = records.filter((_, i) => refusals[i] === undefined);
  const outcomes = sent.length === 0 ? [] : await log.append(topic, sent);
  let next = 0;
  return refusals.map((error) => (error === undefined ? outcomes[next++]! : { error }));
}

const bytesOf = ({ key, value }: AppendRecord): number => (key?.length ?? 0) + (value?.length ?? 0);

function refusal(record: AppendRecord, topic: string, partitions: number, maxBytes: number): PinlakeError | undefined {
  const bytes = bytesOf(record);
  if (bytes > maxBytes) return new PinlakeError("RECORD_TOO_LARGE", { bytes, maxBytes });
  if (record.partition === undefined || record.partition < partitions) return undefined;
  return new PinlakeError("PARTITION_NOT_FOUND", { topic, partition: record.partition, partitions });
}

async function createIfAbsent(log: EventLog, topic: string, partitions: number): Promise<void> {
  try {
    await log.createTopic(topic, { partitions });
  } catch (error) {
    if (!isPinlakeError(error, "TOPIC_EXISTS")) throw error;
  }
}

const allFailed = (records: readonly AppendRecord[], error: Error): AppendOutcome[] => records.map(() => ({ error }));

function produceResponse(topic: string, outcomes: readonly AppendOutcome[]): string {
  let offsets = "";
  for (const outcome of outcomes) {
    if (offsets !== "") offsets += ",";
    offsets +=
      "error" in outcome
        ? `{"partition":null,"offset":null,"error_code":${recordErrorCode(outcome.error)},"error":${JSON.stringify(recordErrorText(topic, outcome.error))}}`
        : `{"partition":${outcome.partition},"offset":${outcome.offset},"error_code":null,"error":null}`;
  }
  return `{"offsets":[${offsets}],"key_schema_id":null,"value_schema_id":null}`;
}

/** The Kafka producer's own words where a client may wait for them. */
function recordErrorText(topic: string, error: Error): string {
  if (isPinlakeError(error, "TOPIC_NOT_FOUND")) return `Topic ${topic} not present in metadata after 60000 ms.`;
  if (isPinlakeError(error, "PARTITION_NOT_FOUND")) {
    const { partition, partitions } = error.details;
    return `Partition ${partition} of topic ${topic} with partition count ${partitions} is not present in metadata after 60000 ms.`;
  }
  return error.message;
}
