import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type BodyLimits, discardBody, readBody } from "./body.ts";
import type { GatewayRequest, Handler, Protocol, Reply } from "./http.ts";

/** What a request was routed to. */
export interface Target {
  readonly protocol: Protocol;
  readonly handler: Handler;
  readonly params: GatewayRequest["params"];
  readonly query: GatewayRequest["query"];
}

export interface ExchangeOptions extends BodyLimits {
  /** Throws when the request must not be served at all. The one place where callers will be identified, too. */
  readonly admit: (request: IncomingMessage) => void;
  /** Whether connections are to end with their present answer. */
  readonly closing: () => boolean;
  /** For what nobody expected. */
  readonly onFault: (error: unknown) => void;
}

export interface ExchangeCounts {
  requests: number;
  inFlightRequests: number;
  /** Answers by the first digit of their status. */
  readonly answers: Record<string, number>;
}

export interface Exchange {
  readonly counts: Readonly<ExchangeCounts>;
  /** Reads the body, runs the handler and answers, whichever way the request was routed. */
  run(request: IncomingMessage, response: ServerResponse, target: Target): void;
}

export function createExchange(options: ExchangeOptions): Exchange {
  const counts: ExchangeCounts = { requests: 0, inFlightRequests: 0, answers: {} };

  function run(request: IncomingMessage, response: ServerResponse, target: Target): void {
    counts.requests++;
    counts.inFlightRequests++;
    const refuse = (error: unknown): void => {
      counts.inFlightRequests--;
      answer(request, response, target.protocol, errorReply(target.protocol, error));
    };
    try {
      options.admit(request);
    } catch (error) {
      refuse(error);
      return;
    }
    readBody(request, options, (body) => void serve(request, response, target, body), refuse);
  }

  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    { protocol, handler, params, query }: Target,
    body: Buffer,
  ): Promise<void> {
    let reply: Reply;
    try {
      reply = await handler({ params, query, headers: request.headers, body });
    } catch (error) {
      reply = errorReply(protocol, error);
    }
    options.inFlight.release(body.length);
    counts.inFlightRequests--;
    answer(request, response, protocol, reply);
  }

  function errorReply(protocol: Protocol, error: unknown): Reply {
    const reply = protocol.errorReply(error);
    if (reply.status === 500) options.onFault(error);
    return reply;
  }

  function answer(request: IncomingMessage, response: ServerResponse, protocol: Protocol, reply: Reply): void {
    const { status, type, body, headers } = reply;
    const kind = `${Math.floor(status / 100)}xx`;
    counts.answers[kind] = (counts.answers[kind] ?? 0) + 1;
    if (response.destroyed) return;
    const unread = !request.complete;
    const head = ["Content-Type", type, "Content-Length", String(Buffer.byteLength(body))];
    if (protocol.requestIdHeader !== undefined) head.push(protocol.requestIdHeader, randomUUID());
    for (const name in headers) head.push(name, headers[name]!);
    if (unread || options.closing()) head.push("Connection", "close");
    response.writeHead(status, head);
    if (!unread) response.end(request.method === "HEAD" ? "" : body);
    else {
      response.write(body);
      discardBody(request, () => response.end());
    }
  }

  return { counts, run };
}
