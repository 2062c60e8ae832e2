import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { GatewayRequest, Handler, Protocol, Reply } from "./http.ts";
import type { InFlight } from "./in-flight.ts";

/** What a request was routed to. */
export interface Target {
  readonly protocol: Protocol;
  readonly handler: Handler;
  readonly params: GatewayRequest["params"];
  readonly query: GatewayRequest["query"];
}

/** A request on its connection, whichever way it came: by `node:http` or by the plain lane. */
export interface Carrier {
  readonly headers: IncomingHttpHeaders;
  /**
   * Gives the whole body, or says why there is none to be had: see `readBody`. Called at most once. The body's bytes
   * are then held in `inFlight`, and the exchange releases them.
   */
  receive(done: (body: Buffer) => void, failed: (error: unknown) => void): void;
  /** Does nothing when the client has gone. A body that was not received is discarded and the connection ends. */
  answer(answer: Answer): void;
}

export interface Answer {
  readonly status: number;
  /** Names and values in turn, without those that speak of the connection, and without `Date`. */
  readonly headers: readonly string[];
  readonly body: string;
  /** Latin-1 when its characters are as many as its bytes, which is then quicker to write. */
  readonly encoding: "latin1" | "utf8";
}

export interface ExchangeOptions {
  readonly inFlight: InFlight;
  /** Throws when the request must not be served at all. The one place where callers will be identified, too. */
  readonly admit: (headers: IncomingHttpHeaders) => void;
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
  /** Receives the body, runs the handler and answers. */
  run(carrier: Carrier, target: Target): void;
}

const KINDS = ["", "1xx", "2xx", "3xx", "4xx", "5xx"];

export function createExchange({ inFlight, admit, onFault }: ExchangeOptions): Exchange {
  const counts: ExchangeCounts = { requests: 0, inFlightRequests: 0, answers: {} };
  const waiting: (() => void)[] = [];

  function run(carrier: Carrier, target: Target): void {
    const { protocol, handler, params, query } = target;
    counts.requests++;
    counts.inFlightRequests++;
    const refuse = (error: unknown): void => answer(carrier, protocol, errorReply(protocol, error));
    try {
      admit(carrier.headers);
    } catch (error) {
      refuse(error);
      return;
    }
    carrier.receive((body) => {
      const answered = (reply: Reply): void => {
        inFlight.release(body.length);
        answer(carrier, protocol, reply);
      };
      handler({ params, query, headers: carrier.headers, body }).then(answered, (error: unknown) =>
        answered(errorReply(protocol, error)),
      );
    }, refuse);
  }

  function errorReply(protocol: Protocol, error: unknown): Reply {
    const reply = protocol.errorReply(error);
    if (reply.status === 500) onFault(error);
    return reply;
  }

  function answer(carrier: Carrier, protocol: Protocol, { status, type, body, headers }: Reply): void {
    const kind = KINDS[Math.floor(status / 100)]!;
    counts.answers[kind] = (counts.answers[kind] ?? 0) + 1;
    if (--counts.inFlightRequests === 0) for (const resolve of waiting.splice(0)) resolve();
    const bytes = Buffer.byteLength(body);
    const lines = ["Content-Type", type, "Content-Length", String(bytes)];
    if (protocol.requestIdHeader !== undefined) lines.push(protocol.requestIdHeader, randomUUID());
    for (const name in headers) lines.push(name, headers[name]!);
    carrier.answer({ status, headers: lines, body, encoding: bytes === body.length ? "latin1" : "utf8" });
  }

  const drained = (): Promise<void> =>
    counts.inFlightRequests === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));

  return { counts, run, drained };
}
