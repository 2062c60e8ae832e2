import type { GatewayContext, Protocol } from "../http.ts";
import { errorReply } from "./errors.ts";
import { putRecord, putRecords } from "./put.ts";
import { createStream, deleteStream, getStream, listStreams } from "./streams.ts";

/** The original's API Gateway in front of Kinesis: streams, and putting records. */
export function kinesisProxy(context: GatewayContext): Protocol {
  return {
    routes: {
      "/streams": { GET: (request) => listStreams(context, request) },
      "/streams/:stream": {
        GET: (request) => getStream(context, request),
        POST: (request) => createStream(context, request),
        DELETE: (request) => deleteStream(context, request),
      },
      "/streams/:stream/record": { PUT: (request) => putRecord(context, request) },
      "/streams/:stream/records": { PUT: (request) => putRecords(context, request) },
    },
    requestIdHeader: "x-amzn-RequestId",
    errorReply,
  };
}
