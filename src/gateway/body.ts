import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { PinlakeError } from "../errors.ts";
import type { InFlight } from "./in-flight.ts";

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly inFlight: InFlight;
}

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Reads a request's body as it is. Its bytes are then held in `inFlight`: the caller releases `body.length`.
 *
 * `failed` gets REQUEST_TOO_LARGE before anything is read when the client declares too much, else as soon as too much
 * came; OVERLOADED likewise; ENCODING_UNSUPPORTED; CLOSED when the client went away. Nothing is held then.
 */
export function readBody(
  request: IncomingMessage,
  limits: BodyLimits,
  done: (body: Buffer) => void,
  failed: (error: unknown) => void,
): void {
  const { headers } = request;
  const encoding = headers["content-encoding"] ?? "identity";
  const length = headers["content-length"];
  const declared = length === undefined ? undefined : Number(length);
  const none = declared === 0 || (declared === undefined && headers["transfer-encoding"] === undefined);
  if (encoding !== "identity") failed(new PinlakeError("ENCODING_UNSUPPORTED", { encoding }));
  else if (none) done(EMPTY);
  else collect(request, declared, limits, done, failed);
}

function collect(
  request: IncomingMessage,
  declared: number | undefined,
  { inFlight, maxBodyBytes }: BodyLimits,
  done: (body: Buffer) => void,
  failed: (error: unknown) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let held = 0;
  const hold = (bytes: number): void => {
    if (held + bytes > maxBodyBytes) throw new PinlakeError("REQUEST_TOO_LARGE", { maxBytes: maxBodyBytes });
    inFlight.reserve(bytes);
    held += bytes;
  };
  const stop = (error: unknown): void => {
    request.off("data", onData).off("end", onEnd).off("close", onClose);
    inFlight.release(held);
    failed(error);
  };
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    try {
      if (length > held) hold(length - held);
      chunks.push(chunk);
    } catch (error) {
      stop(error);
    }
  };
  const onEnd = (): void => {
    request.off("close", onClose);
    done(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length));
  };
  const onClose = (): void => stop(new PinlakeError("CLOSED", { what: "The client's connection" }));

  try {
    hold(declared ?? 0);
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  } catch (error) {
    failed(error);
  }
}

const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;
const MAX_DISCARD_MS = 5_000;

/**
 * Lets a client that was refused finish sending, so that it reads the answer instead of a reset connection; `done` is
 * called when it has sent `bytes`, has ended, or has sent or waited too much.
 */
export function discardBody(source: Readable, bytes: number, done: () => void): void {
  let left = Math.min(bytes, MAX_DISCARDED_BYTES);
  const timer = setTimeout(finish, MAX_DISCARD_MS);
  source.on("data", onData).on("end", finish).on("close", finish).resume();
  function onData(chunk: Buffer): void {
    left -= chunk.length;
    if (left <= 0) finish();
  }
  function finish(): void {
    clearTimeout(timer);
    source.off("data", onData).off("end", finish).off("close", finish);
    done();
  }
}
