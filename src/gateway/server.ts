import { createServer, type IncomingMessage, METHODS, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { Clock } from "../clock.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { createExchange } from "./exchange.ts";
import { fastLane } from "./fast-lane.ts";
import { hostCheck } from "./host-check.ts";
import type { GatewayConfig, Handler, Protocol } from "./http.ts";
import { inFlight } from "./in-flight.ts";
import { kafkaRest } from "./kafka-rest/routes.ts";
import { kinesisProxy } from "./kinesis/routes.ts";

export interface GatewayOptions {
  readonly log: EventLog;
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly logger?: { error(details: object, message: string): void };
  /** False sends every request through the router: slower, with the same answers. */
  readonly fastLane?: boolean;
}

export interface GatewayStatus {
  readonly url: string;
  readonly requests: number;
  readonly inFlightRequests: number;
  readonly inFlightBytes: number;
  /** Answers by kind: `2xx`, `4xx`, `5xx`. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface Gateway extends AsyncDisposable {
  readonly url: string;
  status(): GatewayStatus;
  /** Takes no more connections, answers what has been asked, then resolves. The log stays open. */
  close(): Promise<void>;
}

/** Idle connections live longer than any load balancer's or client's patience, so that we are not the one to cut a request off. */
const KEEP_ALIVE_MS = 75_000;
const METHODS_ROUTED = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"];

/** The data plane: Kafka REST and the Kinesis proxy on one port. Throws PORT_UNAVAILABLE. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, config, clock, logger } = options;
  let closing: Promise<void> | undefined;
  const held = inFlight(config.maxInFlightBytes);
  const checkHost = hostCheck(config.host);
  const exchange = createExchange({
    maxBodyBytes: config.maxBodyBytes,
    inFlight: held,
    admit: (request) => checkHost(request.headers.host),
    closing: () => closing !== undefined,
    onFault: (error) => logger?.error({ err: error }, "a request failed"),
  });
  const context = { log, clock, config };
  const kafka = kafkaRest(context);
  const kinesis = kinesisProxy(context);
  const protocols = [kafka, kinesis];
  const lane = options.fastLane === false ? () => undefined : fastLane(hotRoutes(kafka, kinesis), config.stages);

  let server!: Server;
  const app = fastify({
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 1024 },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => unrouted(request as FastifyRequest, reply as unknown as FastifyReply),
    clientErrorHandler: refuseConnection,
    serverFactory: (route) => {
      const listener: Parameters<typeof createServer>[1] = (request, response) => {
        const target = lane(request);
        if (target === undefined) route(request, response);
        else exchange.run(request, response, target);
      };
      server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, listener);
      // A client that waits for leave to send a body gets its refusal instead, if it is to be refused.
      server.on("checkContinue", (request: IncomingMessage, response) => {
        if (!(Number(request.headers["content-length"] ?? 0) > config.maxBodyBytes)) response.writeContinue();
        listener(request, response);
      });
      return server;
    },
  });
  // Bodies are read in exchange.ts, whichever way a request was routed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));

  const serve = (protocol: Protocol, handler: Handler) => (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack();
    const params = request.params as Record<string, string>;
    const query = request.query as Record<string, unknown>;
    exchange.run(request.raw, reply.raw, { protocol, handler, params, query });
  };
  const protocolOf = (path: string) => (/^(\/[^/]+)?\/+streams(\/|$|\?)/.test(path) ? kinesis : kafka);
  function unrouted(request: FastifyRequest, reply: FastifyReply): void {
    const path = request.url.split("?", 1)[0]!;
    const missing = async () => {
      throw new PinlakeError("ROUTE_NOT_FOUND", { method: request.method, path });
    };
    serve(protocolOf(path), missing)(request, reply);
  }
  app.setNotFoundHandler(unrouted);
  app.setErrorHandler((error, request, reply) => {
    const failed = async () => {
      throw error;
    };
    serve(protocolOf(request.url), failed)(request, reply);
  });

  for (const protocol of protocols)
    for (const [path, byMethod] of Object.entries(protocol.routes))
      for (const stage of ["", ...config.stages.map((name) => `/${name}`)]) {
        const url = stage === "" || path !== "/" ? stage + path : stage;
        const allowed = Object.keys(byMethod);
        if (byMethod.GET !== undefined) allowed.push("HEAD");
        for (const method of METHODS_ROUTED.filter((name) => METHODS.includes(name))) {
          const handler = byMethod[(method === "HEAD" ? "GET" : method) as keyof typeof byMethod];
          const refused: Handler = async ({ params }) => {
            const path = url.replace(/:(\w+)/g, (_, name: string) => params[name]!);
            throw new PinlakeError("METHOD_NOT_ALLOWED", { method, path, allowed });
          };
          app.route({ method, url, handler: serve(protocol, handler ?? refused) });
        }
      }

  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (cause) {
    await app.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const address = `${config.host}:${config.port}`;
    throw new PinlakeError("PORT_UNAVAILABLE", { address, reason, setting: "gateway.port" }, { cause });
  }
  const { port } = server.address() as AddressInfo;
  const url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;

  const close = (): Promise<void> => {
    closing ??= app.close();
    return closing;
  };
  return {
    url,
    status: () => ({ url, ...exchange.counts, inFlightBytes: held.bytes }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const hotRoutes = (kafka: Protocol, kinesis: Protocol) => [
  {
    method: "POST",
    prefix: "/topics/",
    suffix: "",
    parameter: "topic",
    protocol: kafka,
    handler: kafka.routes["/topics/:topic"]!.POST!,
  },
  {
    method: "PUT",
    prefix: "/streams/",
    suffix: "/record",
    parameter: "stream",
    protocol: kinesis,
    handler: kinesis.routes["/streams/:stream/record"]!.PUT!,
  },
];

/** What is no HTTP request gets the same form of answer as a wrong one. */
function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const timeout = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = timeout ? 408 : error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  const reason = { 400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large" }[status];
  const body = JSON.stringify({ error_code: status, message: `The request cannot be read: ${reason}.` });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
