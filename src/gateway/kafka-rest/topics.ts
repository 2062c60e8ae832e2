import { isPinlakeError, PinlakeError } from "../../errors.ts";
import type { PartitionDescription, TopicDescription } from "../../log/event-log.ts";
import { isInternalTopic } from "../../log/names.ts";
import type { GatewayContext, GatewayRequest, Reply } from "../http.ts";
import { kafkaError } from "./errors.ts";
import { acceptedType } from "./media-types.ts";
import { partitionOf } from "./produce.ts";

/** GET /topics: the names, in byte order. */
export async function listTopics({ log }: GatewayContext, request: GatewayRequest): Promise<Reply> {
  const topics = await log.listTopics();
  return json(
    request,
    topics.map(({ topic }) => topic).filter((topic) => !isInternalTopic(topic)),
  );
}

/** GET /topics/{topic}. An unknown one is 40403 here, as in Confluent's, and 40401 below it. */
export async function getTopic({ log }: GatewayContext, request: GatewayRequest): Promise<Reply> {
  try {
    const { topic, config, partitions } = await visible(log, request.params.topic!);
    return json(request, { name: topic, configs: config, partitions: partitions.map(wirePartition) });
  } catch (error) {
    if (!isPinlakeError(error, "TOPIC_NOT_FOUND")) throw error;
    return kafkaError(404, 40403, "This server does not host this topic-partition.");
  }
}

/** GET /topics/{topic}/partitions */
export async function listPartitions({ log }: GatewayContext, request: GatewayRequest): Promise<Reply> {
  return json(request, (await visible(log, request.params.topic!)).partitions.map(wirePartition));
}

/** GET /topics/{topic}/partitions/{partition} */
export async function getPartition({ log }: GatewayContext, request: GatewayRequest): Promise<Reply> {
  const topic = request.params.topic!;
  const partition = partitionOf(request, "GET")!;
  const { partitions } = await visible(log, topic);
  const found = partitions[partition];
  if (found === undefined)
    throw new PinlakeError("PARTITION_NOT_FOUND", { topic, partition, partitions: partitions.length });
  return json(request, wirePartition(found));
}

async function visible(log: GatewayContext["log"], topic: string): Promise<TopicDescription> {
  if (isInternalTopic(topic)) throw new PinlakeError("TOPIC_NOT_FOUND", { topic });
  return await log.describeTopic(topic);
}

/** One broker, number 0, leads everything. */
const wirePartition = ({ partition }: PartitionDescription) => ({
  partition,
  leader: 0,
  replicas: [{ broker: 0, leader: true, in_sync: true }],
});

function json(request: GatewayRequest, value: unknown): Reply {
  return { status: 200, type: acceptedType(request.headers.accept), body: JSON.stringify(value) };
}
