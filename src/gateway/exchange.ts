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
  /** Resolves when every request that came so far has its answer. */
  drained(): Promise<void>;
  /** Reads the body, runs the handler and answers, whichever way the request was routed. */
  run(request: IncomingMessage, response: ServerResponse, target: Target): void;
}

const KINDS = ["", "1xx", "2xx", "3xx", "4xx", "5xx"];

export function createExchange(options: ExchangeOptions): Exchange {
  const counts: ExchangeCounts = { requests: 0, inFlightRequests: 0, answers: {} };
  const waiting: (() => void)[] = [];

  function run(request: IncomingMessage, response: ServerResponse, target: Target): void {
    counts.requests++;
    counts.inFlightRequests++;
    const refuse = (error: unknown): void => {
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
    answer(request, response, protocol, reply);
  }

  function errorReply(protocol: Protocol, error: unknown): Reply {
    const reply = protocol.errorReply(error);
    if (reply.status === 500) options.onFault(error);
    return reply;
  }

  function answer(request: IncomingMessage, response: ServerResponse, protocol: Protocol, reply: Reply): void {
    const { status, type, body, headers } = reply;
    const kind = KINDS[Math.floor(status / 100)]!;
    counts.answers[kind] = (counts.answers[kind] ?? 0) + 1;
    if (--counts.inFlightRequests === 0) for (const resolve of waiting.splice(0)) resolve();
    if (response.destroyed) return;
    const unread = !request.complete && hasBody(request);
    const bytes = Buffer.byteLength(body);
    const head = ["Content-Type", type, "Content-Length", String(bytes)];
    if (protocol.requestIdHeader !== undefined) head.push(protocol.requestIdHeader, randomUUID());
    for (const name in headers) head.push(name, headers[name]!);
    if (unread || options.closing()) head.push("Connection", "close");
    response.writeHead(status, head);
    if (!unread) response.end(request.method === "HEAD" ? "" : body, bytes === body.length ? "latin1" : "utf8");
    else {
      response.write(body);
      discardBody(request, () => response.end());
    }
  }

  const drained = (): Promise<void> =>
    counts.inFlightRequests === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));

  return { counts, run, drained };
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
