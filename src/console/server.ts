import { timingSafeEqual } from "node:crypto";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";
import { describeIssue } from "../define/parse-definition.ts";
import { PinlakeError } from "../errors.ts";
import { errorReply } from "./errors.ts";
import type { LogKind, Operations } from "./operations.ts";

export interface ConsoleOptions {
  readonly host: string;
  readonly port: number;
  /** Every request must carry it: `Authorization: Bearer <token>`. */
  readonly token: string;
  readonly operations: Operations;
}

export interface ConsoleServer {
  readonly url: string;
  close(): Promise<void>;
}

const kinds = z.enum(["topics", "streams"]);
const runBody = z.strictObject({
  name: z.string(),
  full: z.boolean().optional(),
  memory: z.string().optional(),
});
const rebuildBody = z.strictObject({ dataset: z.string().optional() });
const tableBody = z.strictObject({ table: z.string() });
const optimizeBody = z.strictObject({
  table: z.string(),
  targetBytes: z.int().min(1).exactOptional(),
  sortBy: z.array(z.string()).exactOptional(),
  zOrderBy: z.array(z.string()).exactOptional(),
});
const vacuumBody = z.strictObject({
  table: z.string(),
  retainHours: z.number().min(0).exactOptional(),
  force: z.boolean().exactOptional(),
  mode: z.enum(["full", "lite"]).exactOptional(),
});
const createBody = z.strictObject({ name: z.string(), partitions: z.int().min(1).max(1000).optional() });
const readQuery = z.strictObject({
  partition: z.coerce.number().int().min(0),
  from: z.string().regex(/^\d{1,19}$/),
  maxRecords: z.coerce.number().int().min(1).max(10_000),
  waitMs: z.coerce.number().int().min(0).max(60_000),
});

/** Serves the operations over HTTP to who has the token. Throws PORT_UNAVAILABLE. */
export async function startConsole(options: ConsoleOptions): Promise<ConsoleServer> {
  const { host, port, operations } = options;
  const server = Fastify({
    logger: false,
    forceCloseConnections: true,
    requestTimeout: 0,
    // Kafka's names have up to 249 characters, each of which may be written as three.
    routerOptions: { maxParamLength: 1000 },
  });
  server.setErrorHandler((error, _, reply) => send(reply, error));
  server.setNotFoundHandler((request, reply) => {
    const message = `${request.method} ${request.url} is nothing the console knows`;
    return reply.code(404).send({ error: { code: "USAGE", message, details: { message } } });
  });
  server.addHook("onRequest", async (request, reply) => {
    const refused = refusal(request, options);
    if (refused !== undefined) await reply.code(refused.status).send({ error: { code: "USAGE", ...refused.error } });
  });

  server.get("/api/status", () => operations.status());
  server.post("/api/flush", (request) => operations.flush(goneSignal(request)));
  server.post("/api/runs", (request) => {
    const { name, full, memory } = parse(runBody, request.body);
    return operations.run(
      { name, ...(full === undefined ? {} : { full }), ...(memory === undefined ? {} : { memory }) },
      goneSignal(request),
    );
  });
  server.post("/api/stream/rebuild", (request) =>
    operations.rebuildStream(parse(rebuildBody, request.body ?? {}).dataset, goneSignal(request)),
  );
  server.post("/api/tables/optimize", (request) => {
    const { table, ...asked } = parse(optimizeBody, request.body);
    return operations.optimize(table, asked, goneSignal(request));
  });
  server.post("/api/tables/vacuum", (request) => {
    const { table, ...asked } = parse(vacuumBody, request.body);
    return operations.vacuum(table, asked, goneSignal(request));
  });
  server.post("/api/tables/checkpoint", (request) =>
    operations.checkpoint(parse(tableBody, request.body).table, goneSignal(request)),
  );
  server.get<KindParams>("/api/:kind", (request) => operations.list(kindOf(request.params.kind)));
  server.post<KindParams>("/api/:kind", (request) => {
    const { name, partitions } = parse(createBody, request.body);
    return operations.create(kindOf(request.params.kind), name, partitions);
  });
  server.delete<NameParams>("/api/:kind/:name", async (request, reply) => {
    await operations.remove(kindOf(request.params.kind), request.params.name);
    return reply.code(204).send();
  });
  server.get<NameParams>("/api/:kind/:name/records", (request) =>
    operations.read(
      kindOf(request.params.kind),
      request.params.name,
      parse(readQuery, request.query),
      goneSignal(request),
    ),
  );

  try {
    return { url: await server.listen({ host, port }), close: () => server.close() };
  } catch (error) {
    await server.close();
    throw new PinlakeError("PORT_UNAVAILABLE", portProblem(host, port, error), { cause: error });
  }
}

interface KindParams {
  Params: { kind: string };
}
interface NameParams {
  Params: { kind: string; name: string };
}

const kindOf = (text: string): LogKind => parse(kinds, text);

function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new PinlakeError("USAGE", { message: result.error.issues.map(describeIssue).join("; ") });
}

function send(reply: FastifyReply, error: unknown): FastifyReply {
  const { status, body } = errorReply(error);
  return reply.code(status).send(body);
}

/** A page elsewhere may make a browser call us under a name of its own: only names of this machine are answered. */
function refusal(request: FastifyRequest, { token }: ConsoleOptions) {
  const name = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  const message = (text: string) => ({ message: text, details: { message: text } });
  if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(name))
    return { status: 421, error: message(`the console answers to localhost, not to "${name}"`) };
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    return {
      status: 401,
      error: message("the console wants the token of console.token: Authorization: Bearer <token>"),
    };
  return undefined;
}

/** Aborts when the caller goes away before the answer. */
function goneSignal(request: FastifyRequest): AbortSignal {
  const controller = new AbortController();
  const { socket } = request.raw;
  socket.once("close", () => controller.abort(new PinlakeError("CLOSED", { what: "The connection" })));
  return controller.signal;
}

function portProblem(host: string, port: number, error: unknown) {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === "EADDRINUSE" ? "another process listens there" : message;
  return { address: `${host}:${port}`, reason, setting: "console.port or PINLAKE_CONSOLE_PORT" };
}
