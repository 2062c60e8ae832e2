import { Pool } from "undici";
import type { PostResponse } from "./outcome.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Below the client's base URL. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
}

export interface HttpClient extends AsyncDisposable {
  /** Rejects when the connection fails. */
  send(request: HttpRequest): Promise<PostResponse>;
}

export interface HttpClientOptions {
  readonly url: string;
  readonly connections: number;
}

/** Keep-alive connections, one request under way on each. */
export function httpClient({ url, connections }: HttpClientOptions): HttpClient {
  const base = new URL(url);
  const prefix = base.pathname.replace(/\/+$/, "");
  const pool = new Pool(base.origin, { connections, pipelining: 1 });
  const headers = new Map<string | undefined, string[]>();
  const headersFor = (contentType: string | undefined): string[] => {
    let known = headers.get(contentType);
    if (known === undefined) {
      known = contentType === undefined ? [] : ["content-type", contentType];
      headers.set(contentType, known);
    }
    return known;
  };
  return {
    send: ({ method, path, contentType, body }) =>
      new Promise((resolve, reject) => {
        let status = 0;
        let retryAfter: number | undefined;
        const chunks: Buffer[] = [];
        pool.dispatch(
          { method, path: prefix + path, headers: headersFor(contentType), body: body ?? null },
          {
            onRequestStart() {},
            onResponseStart(_controller, statusCode, { "retry-after": wait }) {
              status = statusCode;
              if (wait !== undefined && Number(wait) >= 0) retryAfter = Number(wait);
            },
            onResponseData(_controller, chunk) {
              chunks.push(chunk);
            },
            onResponseEnd() {
              const text = (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString();
              resolve({ status, body: text, ...(retryAfter === undefined ? {} : { retryAfter }) });
            },
            onResponseError(_controller, error) {
              reject(error);
            },
          },
        );
      }),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}
