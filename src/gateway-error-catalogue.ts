import { entry } from "./error-entry.ts";

/** What the HTTP edge raises about requests. */
export const gatewayCatalogue = {
  REQUEST_NOT_JSON: entry<{ position: number; reason: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `The request is not valid JSON: ${d.reason} at byte ${d.position}.`,
  }),
  REQUEST_MALFORMED: entry<{ reason: string }>({ kind: "badData", retry: "never", message: (d) => d.reason }),
  REQUEST_INVALID: entry<{ reason: string }>({ kind: "badData", retry: "never", message: (d) => d.reason }),
  FIELD_UNRECOGNIZED: entry<{ field: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `Unrecognized field: ${d.field}`,
  }),
  REQUEST_TOO_LARGE: entry<{ maxBytes: number }>({
    kind: "tooLarge",
    retry: "never",
    message: (d) =>
      `The request body is larger than ${d.maxBytes} bytes (gateway.maxBodyBytes). Send the records in several requests.`,
  }),
  MEDIA_TYPE_UNSUPPORTED: entry<{ type: string; supported: readonly string[] }>({
    kind: "usage",
    retry: "never",
    message: (d) =>
      `${d.type === "" ? "The request has no Content-Type" : `Content-Type "${d.type}" is not supported`}. Use ${d.supported.join(" or ")}.`,
  }),
  ENCODING_UNSUPPORTED: entry<{ encoding: string }>({
    kind: "usage",
    retry: "never",
    message: (d) => `Content-Encoding "${d.encoding}" is not supported. Send the body as it is.`,
  }),
  NOT_ACCEPTABLE: entry<{ accept: string; produced: readonly string[] }>({
    kind: "usage",
    retry: "never",
    message: (d) => `Accept "${d.accept}" allows none of ${d.produced.join(", ")}.`,
  }),
  ROUTE_NOT_FOUND: entry<{ method: string; path: string }>({
    kind: "notFound",
    retry: "never",
    message: (d) => `There is nothing at ${d.method} ${d.path}.`,
  }),
  METHOD_NOT_ALLOWED: entry<{ method: string; path: string; allowed: readonly string[] }>({
    kind: "usage",
    retry: "never",
    message: (d) => `${d.path} does not take ${d.method}; it takes ${d.allowed.join(", ")}.`,
  }),
  HOST_REFUSED: entry<{ host: string }>({
    kind: "usage",
    retry: "never",
    message: (d) => `This server listens on this machine only and does not answer for the host "${d.host}".`,
  }),
  TOPIC_INTERNAL: entry<{ topic: string }>({
    kind: "usage",
    retry: "never",
    message: (d) => `Topic "${d.topic}" is internal: names that start with "__" are kept for Pinlake's own use.`,
  }),
  OVERLOADED: entry<{ maxBytes: number }>({
    kind: "unavailable",
    retry: "backoff",
    message: (d) =>
      `Requests of ${d.maxBytes} bytes are in progress already (gateway.maxInFlightBytes). Send this one again in a moment.`,
  }),
} as const;
