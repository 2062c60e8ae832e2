import { isPinlakeError, PinlakeError } from "../../errors.ts";
import { compactJson } from "../../json/compact-value.ts";
import type { HashRange, PartitionDescription, TopicDescription } from "../../log/event-log.ts";
import { streamOf, streamTopic } from "../../log/names.ts";
import type { GatewayContext, GatewayRequest, Reply } from "../http.ts";
import { check, nameViolations, violation } from "./constraints.ts";
import { ACCOUNT } from "./errors.ts";
import { requireJson } from "./media-types.ts";
import { asStreamError, describeStream } from "./put.ts";
import { encodeSequenceNumber } from "./sequence-number.ts";
import { evenHashRanges, shardId } from "./shards.ts";

/** What the original's mapping template says when the body does not. */
const DEFAULT_SHARDS = 5;
const MAX_SHARDS = 1000;
const RETENTION_HOURS = 24;

/** GET /streams, with `Limit` (100) and `ExclusiveStartStreamName` in the query. */
export async function listStreams({ log }: GatewayContext, { query }: GatewayRequest): Promise<Reply> {
  const limit = query.Limit === undefined ? 100 : Number(query.Limit);
  check(
    Number.isInteger(limit) && limit >= 1 && limit <= 10_000
      ? []
      : [violation(`'${query.Limit}'`, "limit", "Member must be an integer from 1 to 10000")],
  );
  const after = typeof query.ExclusiveStartStreamName === "string" ? query.ExclusiveStartStreamName : "";
  const streams = (await log.listTopics())
    .map((topic) => ({ name: streamOf(topic.topic), topic }))
    .filter((stream): stream is { name: string; topic: TopicDescription } => (stream.name ?? "") > after);
  const page = streams.slice(0, limit);
  return json({
    HasMoreStreams: streams.length > page.length,
    StreamNames: page.map(({ name }) => name),
    StreamSummaries: page.map(({ name, topic }) => summary(name, topic)),
  });
}

/** POST /streams/{stream}: made and ACTIVE at once. Throws STREAM_EXISTS. */
export async function createStream({ log }: GatewayContext, { params, body, headers }: GatewayRequest): Promise<Reply> {
  const stream = params.stream!;
  if (body.length > 0) requireJson(headers["content-type"]);
  const shards = shardCount(body);
  const violations = nameViolations(stream);
  if (!Number.isInteger(shards) || shards < 1)
    violations.push(violation(`'${shards}'`, "shardCount", "Member must have value greater than or equal to 1"));
  if (shards > MAX_SHARDS)
    violations.push(
      violation(`'${shards}'`, "shardCount", `Member must have value less than or equal to ${MAX_SHARDS}`),
    );
  check(violations);
  try {
    await log.createTopic(streamTopic(stream), { partitions: shards, hashRanges: evenHashRanges(shards) });
  } catch (error) {
    if (!isPinlakeError(error, "TOPIC_EXISTS")) throw error;
    throw new PinlakeError("STREAM_EXISTS", { stream }, { cause: error });
  }
  return EMPTY;
}

/** GET /streams/{stream} */
export async function getStream(context: GatewayContext, { params }: GatewayRequest): Promise<Reply> {
  const stream = params.stream!;
  check(nameViolations(stream));
  const topic = await describeStream(context, stream);
  return json({
    StreamDescription: {
      ...summary(stream, topic),
      EncryptionType: "NONE",
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      HasMoreShards: false,
      RetentionPeriodHours: RETENTION_HOURS,
      Shards: topic.partitions.map((partition) => wireShard(topic, partition)),
    },
  });
}

/** DELETE /streams/{stream} */
export async function deleteStream({ log }: GatewayContext, { params }: GatewayRequest): Promise<Reply> {
  const stream = params.stream!;
  check(nameViolations(stream));
  try {
    await log.deleteTopic(streamTopic(stream));
  } catch (error) {
    throw asStreamError(error, stream);
  }
  return EMPTY;
}

function shardCount(body: Buffer): number {
  if (body.length === 0) return DEFAULT_SHARDS;
  const request: unknown = JSON.parse(compactJson(body).toString());
  if (typeof request !== "object" || request === null)
    throw new PinlakeError("REQUEST_MALFORMED", { reason: "The request must be an object." });
  if (!Object.hasOwn(request, "ShardCount")) return DEFAULT_SHARDS;
  const { ShardCount: count } = request as { readonly ShardCount: unknown };
  if (count === null || count === "") return DEFAULT_SHARDS;
  if (typeof count === "number") return count;
  if (typeof count === "string" && /^-?\d{1,9}$/.test(count)) return Number(count);
  throw new PinlakeError("REQUEST_MALFORMED", { reason: `"ShardCount" must be a number.` });
}

const summary = (stream: string, topic: TopicDescription) => ({
  StreamARN: `arn:aws:kinesis:us-east-1:${ACCOUNT}:stream/${stream}`,
  StreamCreationTimestamp: topic.createdAtMs / 1000,
  StreamModeDetails: { StreamMode: "PROVISIONED" },
  StreamName: stream,
  StreamStatus: "ACTIVE",
});

function wireShard(topic: TopicDescription, shard: PartitionDescription) {
  const { start, end }: HashRange = shard.hashRange ?? evenHashRanges(topic.partitions.length)[shard.partition]!;
  const sequence = (offset: bigint) =>
    encodeSequenceNumber({ creation: topic.createdAtMs, shard: shard.partition, offset });
  const [parent, adjacent] = shard.parents;
  return {
    ...(adjacent === undefined ? {} : { AdjacentParentShardId: shardId(adjacent) }),
    HashKeyRange: { EndingHashKey: String(end), StartingHashKey: String(start) },
    ...(parent === undefined ? {} : { ParentShardId: shardId(parent) }),
    SequenceNumberRange: {
      ...(shard.closed ? { EndingSequenceNumber: sequence(2n ** 63n - 1n) } : {}),
      StartingSequenceNumber: sequence(0n),
    },
    ShardId: shardId(shard.partition),
  };
}

const json = (value: unknown): Reply => ({ status: 200, type: "application/json", body: JSON.stringify(value) });
const EMPTY: Reply = { status: 200, type: "application/json", body: "" };
