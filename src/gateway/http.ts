import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../clock.ts";
import type { EventLog } from "../log/event-log.ts";

export interface GatewayConfig {
  /** Listening on loopback, only loopback names are answered for (DNS rebinding). */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Path prefixes under which every route answers too. */
  readonly stages: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxInFlightBytes: number;
  /** Whether a produce request to an unknown topic makes it. Streams are never made by a write. */
  readonly autoCreate: boolean;
  /** Partitions of topics made that way. */
  readonly partitions: number;
  readonly maxRecordBytes: number;
}

/** What the protocols work with. */
export interface GatewayContext {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly config: Pick<GatewayConfig, "autoCreate" | "partitions" | "maxRecordBytes">;
}

export interface GatewayRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
  /** Whole, and not decoded; empty when there is none. */
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";
export type Handler = (request: GatewayRequest) => Promise<Reply>;
/** Handlers by path (`:name` is a parameter) and method. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<Method, Handler>>>>>;

/** A wire protocol: its routes, and how it says that something went wrong. */
export interface Protocol {
  readonly routes: Routes;
  /** The header that names each answer, where the protocol has one. */
  readonly requestIdHeader?: string;
  errorReply(error: unknown): Reply;
}
