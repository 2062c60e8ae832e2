import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { createExchange } from "./exchange.ts";
import { hostCheck } from "./host-check.ts";
import type { GatewayConfig } from "./http.ts";
import { inFlight } from "./in-flight.ts";
import { kafkaRest } from "./kafka-rest/routes.ts";
import { kinesisProxy } from "./kinesis/routes.ts";
import { hotRoutes } from "./lane/hot-routes.ts";
import { type PlainLane, plainLane } from "./lane/plain-lane.ts";
import { nodeCarrier } from "./node-carrier.ts";
import { createRouter, refuseConnection } from "./router.ts";

export interface GatewayOptions {
  readonly log: EventLog;
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly logger?: { error(details: object, message: string): void };
  /** False leaves every connection to `node:http` and the router: slower, with the same answers. */
  readonly plainLane?: boolean;
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

/** Idle connections outlive the patience of load balancers and clients, so that we are not the one to cut a request off. */
const KEEP_ALIVE_MS = 75_000;
/** Connections of a burst that wait to be accepted; a client that finds no place tries again after seconds. The system may allow fewer. */
const BACKLOG = 4096;
/** How long closing waits for requests under way. */
const DRAIN_MS = 30_000;
/** How long the last answers may take to leave. */
const LAST_ANSWERS_MS = 500;

/** The data plane: Kafka REST and the Kinesis proxy on one port. Throws PORT_UNAVAILABLE. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, config, clock, logger } = options;
  let closing: Promise<void> | undefined;
  const held = inFlight(config.maxInFlightBytes);
  const checkHost = hostCheck(config.host);
  const isClosing = () => closing !== undefined;
  const limits = { maxBodyBytes: config.maxBodyBytes, inFlight: held, closing: isClosing };
  const exchange = createExchange({
    inFlight: held,
    admit: ({ host }) => checkHost(host),
    onFault: (error) => logger?.error({ err: error }, "a request failed"),
  });
  const context = { log, clock, config };
  const kafka = kafkaRest(context);
  const kinesis = kinesisProxy(context);

  let server!: Server;
  let lane: PlainLane | undefined;
  const router = createRouter({
    kafka,
    kinesis,
    stages: config.stages,
    run: (request, response, target) => exchange.run(nodeCarrier(request, response, limits), target),
    serverFactory: (route) => {
      server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, route);
      // A client that ends its side when it has sent its request waits for the answer all the same.
      Object.assign(server, { httpAllowHalfOpen: true });
      // A client that asks before it sends a body is told at once when it is too large.
      server.on("checkContinue", (request: IncomingMessage, response) => {
        if (!(Number(request.headers["content-length"]) > config.maxBodyBytes)) response.writeContinue();
        route(request, response);
      });
      if (options.plainLane !== false)
        lane = plainLane(server, {
          ...limits,
          clock,
          exchange,
          find: hotRoutes(kafka, kinesis, config.stages),
          keepAliveMs: KEEP_ALIVE_MS,
          refuse: refuseConnection,
        });
      return server;
    },
  });

  try {
    await router.listen({ host: config.host, port: config.port, backlog: BACKLOG });
  } catch (cause) {
    await router.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const address = `${config.host}:${config.port}`;
    throw new PinlakeError("PORT_UNAVAILABLE", { address, reason, setting: "gateway.port" }, { cause });
  }
  const { port } = server.address() as AddressInfo;
  const url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;

  async function drain(): Promise<void> {
    const stopped = router.close();
    lane?.closeIdle();
    await Promise.race([exchange.drained(), delay(DRAIN_MS, undefined, { ref: false })]);
    // What is left are connections that never asked for anything, which would hold the server for a minute.
    const cut = setTimeout(() => {
      server.closeAllConnections();
      lane?.closeAll();
    }, LAST_ANSWERS_MS);
    await stopped;
    clearTimeout(cut);
  }

  const close = (): Promise<void> => {
    closing ??= drain();
    return closing;
  };
  return {
    url,
    status: () => ({ url, ...exchange.counts, inFlightBytes: held.bytes }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
