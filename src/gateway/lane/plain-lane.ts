import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../clock.ts";
import { type PlainConnection, type PlainConnectionOptions, plainConnection } from "./plain-connection.ts";

export interface PlainLaneOptions
  extends Omit<PlainConnectionOptions, "monotonic" | "toNode" | "left" | "firstRequestMs" | "requestMs"> {
  readonly clock: Clock;
}

export interface PlainLane {
  /** Ends the connections on which nothing is under way; the others end with their answers. */
  closeIdle(): void;
  closeAll(): void;
}

const CHECK_MS = 5_000;

/**
 * The short way for the requests that bring data: they are read from the socket and answered in one write, without the
 * streams and message objects of `node:http`, which cost more than all of our own work. A connection begins here and
 * stays for as long as its requests are plain (see `readPlainHead`); at the first other one the server takes it over
 * with every byte of it, and keeps it.
 */
export function plainLane(server: Server, options: PlainLaneOptions): PlainLane {
  const { clock } = options;
  const connections = new Set<PlainConnection>();
  const stopped = new AbortController();
  const takenByNode = server.listeners("connection") as ((this: Server, socket: Socket) => void)[];
  const settings: PlainConnectionOptions = {
    ...options,
    firstRequestMs: server.headersTimeout,
    requestMs: server.requestTimeout,
    monotonic: clock.monotonic,
    toNode(socket) {
      for (const take of takenByNode) take.call(server, socket);
    },
    left: (connection) => void connections.delete(connection),
  };

  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => connections.add(plainConnection(socket, settings)));
  server.once("close", () => stopped.abort());
  void expireRegularly();

  async function expireRegularly(): Promise<void> {
    try {
      for (;;) {
        await clock.sleep(CHECK_MS, stopped.signal);
        const nowMs = clock.monotonic();
        for (const connection of connections) connection.expire(nowMs);
      }
    } catch {
      // closed
    }
  }

  return {
    closeIdle() {
      for (const connection of connections) connection.closeIdle();
    },
    closeAll() {
      for (const connection of connections) connection.destroy();
    },
  };
}
