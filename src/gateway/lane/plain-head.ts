import type { IncomingHttpHeaders } from "node:http";

/** The head of a request that can be read in only one way, with a body of declared length (or none). */
export interface PlainHead {
  readonly method: string;
  readonly path: string;
  /** Names in lower case, each once. */
  readonly headers: IncomingHttpHeaders;
  readonly contentLength: number;
  /** Where the body begins in the chunk. */
  readonly bodyStart: number;
}

/** Half of what `node:http` takes, so that how it counts does not matter here. */
const MAX_HEAD_BYTES = 8 * 1024;
const MAX_HEADERS = 100;
const HEAD_END = Buffer.from("\r\n\r\n");

const REQUEST_LINE = /(POST|PUT) (\/[!-~]*) HTTP\/1\.1\r\n/y;
/** One colon right behind a token, one space at most before the value, none behind it, nothing but printable ASCII. */
const HEADER_LINE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?((?:[!-~](?:[\t -~]*[!-~])?)?)\r\n/y;
const LENGTH = /^\d{1,10}$/;

/** What changes how the bytes behind the head are to be read, or what is to be done with the connection. */
const NOT_PLAIN = new Set([
  "content-encoding",
  "expect",
  "proxy-connection",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Reads the head at the beginning of a chunk. Undefined for all that is not surely whole, well-formed and plain, which
 * is then for `node:http` to judge: this lane must never understand a request otherwise than the next server would.
 */
export function readPlainHead(chunk: Buffer): PlainHead | undefined {
  const end = chunk.indexOf(HEAD_END);
  if (end < 0 || end > MAX_HEAD_BYTES) return undefined;
  const text = chunk.toString("latin1", 0, end + 2);
  REQUEST_LINE.lastIndex = 0;
  const line = REQUEST_LINE.exec(text);
  if (line === null) return undefined;
  const headers: Record<string, string> = {};
  let at = REQUEST_LINE.lastIndex;
  for (let count = 0; at < text.length; count++) {
    HEADER_LINE.lastIndex = at;
    const header = HEADER_LINE.exec(text);
    if (header === null || count === MAX_HEADERS) return undefined;
    const name = header[1]!.toLowerCase();
    // Also what every object has, such as `constructor`, is not for us.
    if (NOT_PLAIN.has(name) || headers[name] !== undefined) return undefined;
    headers[name] = header[2]!;
    at = HEADER_LINE.lastIndex;
  }
  const { host, connection, "content-length": length } = headers;
  if (!host || length === undefined || !LENGTH.test(length)) return undefined;
  if (connection !== undefined && connection.toLowerCase() !== "keep-alive") return undefined;
  return { method: line[1]!, path: line[2]!, headers, contentLength: Number(length), bodyStart: end + 4 };
}
