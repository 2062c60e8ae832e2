import { PinlakeError } from "../../errors.ts";
import { compactJson } from "../../json/compact-value.ts";
import type { GatewayContext, GatewayRequest, Protocol, Reply } from "../http.ts";
import { errorReply } from "./errors.ts";
import { acceptedType, embeddedFormat } from "./media-types.ts";
import { produce } from "./produce.ts";
import { getPartition, getTopic, listPartitions, listTopics } from "./topics.ts";

/** Confluent REST Proxy, version 2: producing, and what topics there are. */
export function kafkaRest(context: GatewayContext): Protocol {
  return {
    routes: {
      "/": { GET: root, POST: echo },
      "/topics": { GET: (request) => listTopics(context, request) },
      "/topics/:topic": {
        GET: (request) => getTopic(context, request),
        POST: (request) => produce(context, request),
      },
      "/topics/:topic/partitions": { GET: (request) => listPartitions(context, request) },
      "/topics/:topic/partitions/:partition": {
        GET: (request) => getPartition(context, request),
        POST: (request) => produce(context, request),
      },
    },
    errorReply,
  };
}

async function root({ headers }: GatewayRequest): Promise<Reply> {
  return { status: 200, type: acceptedType(headers.accept), body: "{}" };
}

/** Gives the posted object back. */
async function echo({ headers, body }: GatewayRequest): Promise<Reply> {
  const type = acceptedType(headers.accept);
  embeddedFormat(headers["content-type"]);
  if (body.length === 0)
    throw new PinlakeError("REQUEST_INVALID", { reason: "Null input provided. Data is required." });
  return { status: 200, type, body: compactJson(body).toString() };
}
