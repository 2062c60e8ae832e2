import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";

export interface RawConnection extends AsyncDisposable {
  readonly socket: Socket;
  /** One whole answer, in order; rejects when the connection closed before. */
  next(): Promise<string>;
  readonly closed: Promise<void>;
}

/** A connection on which bytes are written by hand. */
export async function rawConnection(url: string, options: { allowHalfOpen?: boolean } = {}): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, noDelay: true, ...options });
  let text = "";
  let wake = () => {};
  socket.setEncoding("latin1").on("data", (chunk) => {
    text += chunk;
    wake();
  });
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      resolve();
      wake();
    });
  });
  socket.on("error", () => {});
  await once(socket, "connect");
  return {
    socket,
    closed,
    async next() {
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        const length = end < 0 ? 0 : Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
        if (end >= 0 && text.length >= end + 4 + length) {
          const answer = text.slice(0, end + 4 + length);
          text = text.slice(answer.length);
          return answer;
        }
        if (socket.closed) throw new Error(`closed after ${JSON.stringify(text)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}

/** Sends the pieces one after the other, ends its side, and gives all that came until the server closed. */
export async function exchangeBytes(url: string, pieces: readonly Buffer[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, noDelay: true, allowHalfOpen: true });
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    text += chunk;
  });
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  await once(socket, "connect");
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    await setImmediate();
    await setImmediate();
  }
  socket.end();
  await closed;
  return text;
}

/** An answer without what differs from one time to the next. */
export const withoutTimes = (answers: string): string =>
  answers
    .replaceAll(/^Date: .*$/gm, "Date: then")
    .replaceAll(/^x-amzn-RequestId: .*$/gim, "x-amzn-RequestId: some")
    .replaceAll(/"SequenceNumber":"\d+(\d{19})"/g, '"SequenceNumber":"…$1"');
