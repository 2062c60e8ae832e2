import { type IncomingMessage, METHODS, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
  fastify,
} from "fastify";
import { PinlakeError } from "../errors.ts";
import type { Target } from "./exchange.ts";
import type { Handler, Method, Protocol } from "./http.ts";

export interface RouterOptions {
  readonly kafka: Protocol;
  readonly kinesis: Protocol;
  /** Every route answers under each of these, too. */
  readonly stages: readonly string[];
  readonly run: (request: IncomingMessage, response: ServerResponse, target: Target) => void;
  readonly serverFactory: FastifyServerFactory;
}

const METHODS_ROUTED = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"];

/**
 * Fastify routes; bodies, limits and answers are the exchange's, as they are for requests that come past the router.
 * A path that exists answers 405 to the methods it does not take.
 */
export function createRouter({ kafka, kinesis, stages, run, serverFactory }: RouterOptions): FastifyInstance {
  const app = fastify({
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 1024 },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => notFound(request as FastifyRequest, reply as unknown as FastifyReply),
    clientErrorHandler: refuseUnreadable,
    serverFactory,
  });

  const serve = (protocol: Protocol, handler: Handler) => (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack();
    const params = request.params as Record<string, string>;
    const query = request.query as Record<string, unknown>;
    run(request.raw, reply.raw, { protocol, handler, params, query });
  };
  /** In the form of the protocol that the path looks like. */
  function notFound(request: FastifyRequest, reply: FastifyReply): void {
    const path = request.url.split("?", 1)[0]!;
    const missing: Handler = async () => {
      throw new PinlakeError("ROUTE_NOT_FOUND", { method: request.method, path });
    };
    serve(/^(\/[^/]+)?\/+streams(\/|$)/.test(path) ? kinesis : kafka, missing)(request, reply);
  }
  // Fastify has read no body yet at this point, and never will: a hijacked request goes no further.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) notFound(request, reply);
    else done();
  });

  for (const protocol of [kafka, kinesis])
    for (const [path, byMethod] of Object.entries(protocol.routes))
      for (const stage of ["", ...stages.map((name) => `/${name}`)]) {
        const url = stage !== "" && path === "/" ? stage : stage + path;
        for (const method of METHODS_ROUTED.filter((name) => METHODS.includes(name))) {
          const handler = byMethod[(method === "HEAD" ? "GET" : method) as Method];
          app.route({
            method,
            url,
            onRequest: serve(protocol, handler ?? notAllowed(method, url, Object.keys(byMethod))),
            handler: () => {},
          });
        }
      }
  return app;
}

const notAllowed =
  (method: string, url: string, methods: readonly string[]): Handler =>
  async ({ params }) => {
    const path = url.replace(/:(\w+)/g, (_, name: string) => params[name]!);
    const allowed = methods.includes("GET") ? [...methods, "HEAD"] : methods;
    throw new PinlakeError("METHOD_NOT_ALLOWED", { method, path, allowed });
  };

function refuseUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
  else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") refuseConnection("timeout", socket);
  else refuseConnection(error.code === "HPE_HEADER_OVERFLOW" ? "headers too large" : "unreadable", socket);
}

const REFUSALS = {
  unreadable: [400, "Bad Request"],
  timeout: [408, "Request Timeout"],
  "headers too large": [431, "Request Header Fields Too Large"],
} as const;

/** A client that does not end its side either is cut off then. */
const LAST_WORD_MS = 5_000;

/** What is no HTTP request gets the same form of answer as a wrong one; the connection ends with it. */
export function refuseConnection(why: keyof typeof REFUSALS, socket: Socket): void {
  const [status, reason] = REFUSALS[why];
  const body = JSON.stringify({ error_code: status, message: `The request cannot be read: ${reason}.` });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  socket.setTimeout(LAST_WORD_MS, () => socket.destroy());
}
