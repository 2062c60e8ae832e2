import { Agent, request } from "undici";
import { PinlakeError } from "../errors.ts";
import { errorFrom } from "./errors.ts";
import type { Operations } from "./operations.ts";

/** The operations of the process that listens at `url`. Throws what they throw there. */
export function remoteOperations(url: string, token: string): Operations & AsyncDisposable {
  // A run may take its time; that the other process is there is seen from the connection.
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const call = async <T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown, signal?: AbortSignal) => {
    const address = `${url}/api/${path}`;
    const reply = await request(address, {
      method,
      dispatcher,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      throw hasGone(error) ? new PinlakeError("CLOSED", { what: `What listened at ${url}` }, { cause: error }) : error;
    });
    const text = await reply.body.text();
    if (reply.statusCode >= 300) throw errorFrom(address, reply.statusCode, text);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  const name = encodeURIComponent;
  return {
    status: () => call("GET", "status"),
    flush: (signal) => call("POST", "flush", undefined, signal),
    run: (run, signal) => call("POST", "runs", run, signal),
    rebuildStream: (dataset, signal) => call("POST", "stream/rebuild", { dataset }, signal),
    optimize: (table, request, signal) => call("POST", "tables/optimize", { table, ...request }, signal),
    vacuum: (table, vacuum, signal) => call("POST", "tables/vacuum", { table, ...vacuum }, signal),
    checkpoint: (table, signal) => call("POST", "tables/checkpoint", { table }, signal),
    list: (kind) => call("GET", kind),
    create: (kind, topic, partitions) => call("POST", kind, { name: topic, partitions }),
    remove: (kind, topic) => call("DELETE", `${kind}/${name(topic)}`),
    read: (kind, topic, { partition, from, maxRecords, waitMs }, signal) =>
      call(
        "GET",
        `${kind}/${name(topic)}/records?partition=${partition}&from=${from}&maxRecords=${maxRecords}&waitMs=${waitMs}`,
        undefined,
        signal,
      ),
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

/** The process that was asked has ended, before or while it answered. */
const hasGone = (error: unknown): boolean =>
  ["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes((error as { code?: string }).code ?? "");
