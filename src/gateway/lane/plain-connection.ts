import type { Socket } from "node:net";
import { PinlakeError } from "../../errors.ts";
import { type BodyLimits, discardBody } from "../body.ts";
import type { Answer, Carrier, Exchange } from "../exchange.ts";
import { answerHead } from "./answer-head.ts";
import type { FindTarget } from "./hot-routes.ts";
import { type PlainHead, readPlainHead } from "./plain-head.ts";

export interface ConnectionTimeouts {
  /** How long a new connection may take to ask for something. */
  readonly firstRequestMs: number;
  /** How long a body may take to come. */
  readonly requestMs: number;
  /** How long a connection may rest between two requests, or leave an answer unread. */
  readonly keepAliveMs: number;
}

export interface PlainConnectionOptions extends BodyLimits, ConnectionTimeouts {
  readonly exchange: Exchange;
  readonly find: FindTarget;
  /** From an arbitrary start, in ms, never going back. */
  readonly monotonic: () => number;
  /** Whether connections are to end with their present answer. */
  readonly closing: () => boolean;
  /** Takes over a connection at the border of a request; what came of it is in the socket, to be read. */
  readonly toNode: (socket: Socket) => void;
  /** Says to a client, in our form, that what it sent cannot be read, and ends the connection. */
  readonly refuse: (reason: "unreadable" | "timeout", socket: Socket) => void;
  /** The connection is closed, or not the lane's any more. */
  readonly left: (connection: PlainConnection) => void;
}

export interface PlainConnection {
  /** Ends it when its time is over. */
  expire(nowMs: number): void;
  /** Ends it unless a request or its answer is under way, which ends it then. */
  closeIdle(): void;
  destroy(): void;
}

/**
 * - `rest`: nothing is asked; the next bytes begin a request
 * - `body`: a request's body is coming
 * - `busy`: a request is being served; what comes meanwhile waits, unread
 * - `unsent`: its answer waits for a client that does not read
 * - `over`: the last answer is written, or the connection is gone or somebody else's
 */
type Phase = "rest" | "body" | "busy" | "unsent" | "over";

const nothing = (): void => {};

/** One connection of the plain lane: requests one after the other, in one parse, one handler call and one write each. */
export function plainConnection(socket: Socket, options: PlainConnectionOptions): PlainConnection {
  const { exchange, find, inFlight, maxBodyBytes, monotonic, closing } = options;
  let phase: Phase = "rest";
  let asked = false;
  let clientEnded = false;
  let deadlineMs = monotonic() + options.firstRequestMs;
  /** Of the present request: how much of its body is still to come. */
  let bodyLeft = 0;
  let onBody: (chunk: Buffer) => void = nothing;
  let onBodyLost: () => void = nothing;

  socket.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onError).on("drain", onDrain);

  function onData(chunk: Buffer): void {
    if (phase === "rest") begin(chunk);
    else if (phase === "body") onBody(chunk);
    else if (phase !== "over") putBack(chunk);
  }

  /** One request is served at a time: what came behind it goes back, and a client that sends more is read no further. */
  function putBack(chunk: Buffer): void {
    socket.pause();
    socket.unshift(chunk);
  }

  function begin(chunk: Buffer): void {
    const head = readPlainHead(chunk);
    const target = head === undefined ? undefined : find(head.method, head.path);
    if (head === undefined || target === undefined) {
      handOver(chunk);
      return;
    }
    asked = true;
    phase = "busy";
    const bodyEnd = head.bodyStart + head.contentLength;
    bodyLeft = Math.max(0, bodyEnd - chunk.length);
    if (chunk.length > bodyEnd) putBack(chunk.subarray(bodyEnd));
    exchange.run(carrier(head, chunk), target);
  }

  const carrier = ({ headers, bodyStart, contentLength }: PlainHead, chunk: Buffer): Carrier => ({
    headers,
    receive(done, failed) {
      if (contentLength > maxBodyBytes)
        return failed(new PinlakeError("REQUEST_TOO_LARGE", { maxBytes: maxBodyBytes }));
      try {
        inFlight.reserve(contentLength);
      } catch (error) {
        return failed(error);
      }
      if (bodyLeft === 0) done(chunk.subarray(bodyStart, bodyStart + contentLength));
      else collect(chunk.subarray(bodyStart), contentLength, done, failed);
    },
    answer,
  });

  function collect(
    first: Buffer,
    contentLength: number,
    done: (body: Buffer) => void,
    failed: (error: unknown) => void,
  ): void {
    phase = "body";
    deadlineMs = monotonic() + options.requestMs;
    const body = Buffer.allocUnsafeSlow(contentLength);
    first.copy(body);
    onBody = (chunk) => {
      chunk.copy(body, contentLength - bodyLeft);
      const rest = chunk.length - bodyLeft;
      bodyLeft = Math.max(0, -rest);
      if (bodyLeft > 0) return;
      received("busy");
      if (rest > 0) putBack(chunk.subarray(chunk.length - rest));
      done(body);
    };
    onBodyLost = () => {
      received("over");
      inFlight.release(contentLength);
      failed(new PinlakeError("CLOSED", { what: "The client's connection" }));
    };
  }

  /** A connection that rests must not keep the body alive. */
  function received(then: Phase): void {
    phase = then;
    onBody = nothing;
    onBodyLost = nothing;
  }

  function answer(reply: Answer): void {
    if (phase === "over") return;
    const last = bodyLeft > 0 || clientEnded || closing();
    const sent = socket.write(
      answerHead(reply, { last, keepAliveMs: options.keepAliveMs }) + reply.body,
      reply.encoding,
    );
    deadlineMs = monotonic() + options.keepAliveMs;
    if (last) end();
    else if (!sent) phase = "unsent";
    else next();
  }

  function end(): void {
    phase = "over";
    if (bodyLeft > 0) discardBody(socket, bodyLeft, () => socket.destroySoon());
    else socket.destroySoon();
  }

  function next(): void {
    phase = "rest";
    // Not at once: a client that has sent many requests must not keep the others waiting.
    if (socket.isPaused()) setImmediate(() => socket.resume());
  }

  function onDrain(): void {
    if (phase !== "unsent") return;
    if (clientEnded || closing()) end();
    else next();
  }

  function onEnd(): void {
    clientEnded = true;
    if (phase === "rest") socket.end();
    else if (phase === "body") {
      onBodyLost();
      options.refuse("unreadable", socket);
    }
  }

  function onError(): void {
    socket.destroy();
  }

  function onClose(): void {
    if (phase === "body") onBodyLost();
    phase = "over";
    options.left(connection);
  }

  function handOver(chunk: Buffer): void {
    phase = "over";
    options.left(connection);
    socket.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onError).off("drain", onDrain);
    putBack(chunk);
    options.toNode(socket);
    socket.resume();
  }

  const connection: PlainConnection = {
    expire(nowMs) {
      if (nowMs < deadlineMs || phase === "busy") return;
      const waited = phase === "body" || !asked;
      if (phase === "over" || !waited) {
        socket.destroy();
        return;
      }
      if (phase === "body") onBodyLost();
      phase = "over";
      options.refuse("timeout", socket);
    },
    closeIdle() {
      // What of its last answer is still to leave leaves.
      if (phase === "rest") end();
    },
    destroy: () => void socket.destroy(),
  };
  return connection;
}
