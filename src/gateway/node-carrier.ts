import type { IncomingMessage, ServerResponse } from "node:http";
import { type BodyLimits, discardBody, readBody } from "./body.ts";
import type { Carrier } from "./exchange.ts";

export interface NodeCarrierOptions extends BodyLimits {
  /** Whether connections are to end with their present answer. */
  readonly closing: () => boolean;
}

/** A request as `node:http` brings it. */
export function nodeCarrier(request: IncomingMessage, response: ServerResponse, options: NodeCarrierOptions): Carrier {
  return {
    headers: request.headers,
    receive: (done, failed) => readBody(request, options, done, failed),
    answer({ status, headers, body, encoding }) {
      if (response.destroyed) return;
      const unread = !request.complete && hasBody(request);
      response.writeHead(status, unread || options.closing() ? [...headers, "Connection", "close"] : [...headers]);
      if (!unread) response.end(request.method === "HEAD" ? "" : body, encoding);
      else {
        response.write(body);
        discardBody(request, Number.POSITIVE_INFINITY, () => response.end());
      }
    },
  };
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
