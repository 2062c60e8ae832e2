import { isPinlakeError, PinlakeError } from "../../errors.ts";
import type { AppendOutcome, AppendRecord, TopicDescription } from "../../log/event-log.ts";
import { streamTopic } from "../../log/names.ts";
import { NO_HEADERS } from "../../record.ts";
import type { GatewayContext, GatewayRequest, Reply } from "../http.ts";
import { check, nameViolations, notNull, type Put, putViolations, violation } from "./constraints.ts";
import { recordError } from "./errors.ts";
import { requireJson } from "./media-types.ts";
import { parsePutRecord, parsePutRecords } from "./put-request.ts";
import { sequenceOffset } from "./sequence-number.ts";
import { type ShardRouter, shardId, shardRouter } from "./shards.ts";

const MAX_RECORDS = 500;

/** PUT /streams/{stream}/record: answers once the record is acknowledged by the log. */
export async function putRecord(context: GatewayContext, request: GatewayRequest): Promise<Reply> {
  requireJson(request.headers["content-type"]);
  const stream = request.params.stream!;
  const put = parsePutRecord(request.body);
  check([...nameViolations(stream), ...putViolations(put, "", context.config.maxRecordBytes)]);
  const { outcomes, router } = await append(context, stream, [put]);
  const outcome = outcomes[0]!;
  if ("error" in outcome) throw outcome.error;
  return json(written(outcome, router));
}

/** PUT /streams/{stream}/records: one outcome per record; a request with a wrong record stores none of them. */
export async function putRecords(context: GatewayContext, request: GatewayRequest): Promise<Reply> {
  requireJson(request.headers["content-type"]);
  const stream = request.params.stream!;
  const puts = parsePutRecords(request.body);
  const { maxRecordBytes } = context.config;
  check([...nameViolations(stream), ...countViolations(puts)]);
  check(puts!.flatMap((put, i) => putViolations(put, `records.${i + 1}.member.`, maxRecordBytes)).slice(0, 10));
  const { outcomes, router } = await append(context, stream, puts!);
  const failed = outcomes.filter((outcome) => "error" in outcome).length;
  const records = outcomes.map((outcome) =>
    "error" in outcome ? JSON.stringify(recordError(outcome.error)) : written(outcome, router),
  );
  return json(`{"FailedRecordCount":${failed},"Records":[${records.join(",")}]}`);
}

function countViolations(puts: readonly Put[] | undefined): string[] {
  if (puts === undefined) return [notNull("records")];
  if (puts.length === 0) return [violation("'[]'", "records", "Member must have length greater than or equal to 1")];
  if (puts.length <= MAX_RECORDS) return [];
  return [violation(undefined, "records", `Member must have length less than or equal to ${MAX_RECORDS}`)];
}

async function append(
  { log, clock }: GatewayContext,
  stream: string,
  puts: readonly Put[],
): Promise<{ readonly outcomes: readonly AppendOutcome[]; readonly router: ShardRouter }> {
  try {
    const topic = streamTopic(stream);
    const router = shardRouter(await log.describeTopic(topic));
    const timestampMs = clock.now();
    const records = puts.map(({ data, partitionKey }): AppendRecord => {
      const key = Buffer.from(partitionKey!);
      return { key, value: data!, headers: NO_HEADERS, timestampMs, partition: router.shardFor(key) };
    });
    return { outcomes: await log.append(topic, records), router };
  } catch (error) {
    throw asStreamError(error, stream);
  }
}

/** The stream of a name. Throws STREAM_NOT_FOUND. */
export async function describeStream({ log }: GatewayContext, stream: string): Promise<TopicDescription> {
  try {
    return await log.describeTopic(streamTopic(stream));
  } catch (error) {
    throw asStreamError(error, stream);
  }
}

export const asStreamError = (error: unknown, stream: string): unknown =>
  isPinlakeError(error, "TOPIC_NOT_FOUND") ? new PinlakeError("STREAM_NOT_FOUND", { stream }, { cause: error }) : error;

function written(outcome: AppendOutcome, router: ShardRouter): string {
  if ("error" in outcome) throw outcome.error;
  const { partition, offset } = outcome;
  return `{"SequenceNumber":"${router.sequencePrefix(partition)}${sequenceOffset(offset)}","ShardId":"${shardId(partition)}"}`;
}

const json = (body: string): Reply => ({ status: 200, type: "application/json", body });
