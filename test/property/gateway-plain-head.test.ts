import { createServer, type IncomingHttpHeaders } from "node:http";
import { duplexPair } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readPlainHead } from "../../src/gateway/lane/plain-head.ts";
import { runs } from "../support/run-length.ts";

interface Read {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What `node:http` makes of the bytes: the requests that came whole. */
function readByNode(bytes: Buffer): Promise<Read[]> {
  const read: Read[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url: path, headers } = request;
      read.push({ method, path, headers, body: Buffer.concat(chunks).toString("latin1") });
      response.end();
    });
  });
  const [client, served] = duplexPair();
  return new Promise((resolve) => {
    served.on("close", () => resolve(read));
    served.on("error", () => {});
    client.on("error", () => {}).resume();
    server.emit("connection", served);
    client.end(bytes);
  });
}

const start = fc.constantFrom(
  "POST /topics/t HTTP/1.1",
  "PUT /dev/streams/s/record HTTP/1.1",
  "POST /a?b=%20#c HTTP/1.1",
);
const needed = fc.constantFrom(
  ["Host: localhost", "Content-Length: 3"],
  ["content-length:30", "HOST: a.localhost:8082"],
  ["Host: h"],
  ["Content-Length: 0"],
);
const others = fc.subarray([
  "Content-Type: application/json",
  "Accept: */*",
  "Accept-Encoding: gzip, deflate",
  "Connection: keep-alive",
  "X-A: b c\td",
  "X-B:",
]);
const spoilers = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  fc.subarray(["Transfer-Encoding: chunked", "Expect: 100-continue", "Upgrade: x", "Host: h", "Content-Length: 3"]),
);
const head = fc
  .tuple(start, needed, others, spoilers)
  .map(([line, ...lines]) => Buffer.from([line, ...lines.flat()].join("\r\n")));
const STRANGE = [...' \t\r\n:,;+-0123459aZ\0\x7f\x80\xff%/?"()'].map((text) => text.charCodeAt(0));
const change = fc.record({
  at: fc.nat(400),
  remove: fc.nat(2),
  insert: fc.array(fc.oneof(fc.constantFrom(...STRANGE), fc.integer({ min: 0, max: 255 })), { maxLength: 2 }),
});

it("whatever head the plain lane reads, node:http reads the same, and the body behind it", async () => {
  let plain = 0;
  let left = 0;
  await fc.assert(
    fc.asyncProperty(head, fc.array(change, { maxLength: 3 }), async (whole, changes) => {
      let text = whole;
      for (const { at, remove, insert } of changes) {
        const from = at % text.length;
        text = Buffer.concat([text.subarray(0, from), Buffer.from(insert), text.subarray(from + remove)]);
      }
      if (text.includes("\r\n\r\n")) text = text.subarray(0, text.indexOf("\r\n\r\n"));
      const next = "GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
      const read = readPlainHead(Buffer.concat([text, Buffer.from("\r\n\r\n")]));
      if (read === undefined || read.contentLength > 1000) {
        left++;
        return;
      }
      plain++;
      const body = "b".repeat(read.contentLength);
      const bytes = Buffer.concat([text, Buffer.from(`\r\n\r\n${body}${next}`)]);
      const { method, path, headers, bodyStart } = read;
      expect(bytes.toString("latin1", bodyStart)).toBe(body + next);
      const [first, second] = await readByNode(bytes);
      expect(first).toEqual({ method, path, headers, body });
      expect(second).toMatchObject({ method: "GET", path: "/next" });
    }),
    runs(2000),
  );
  expect(plain).toBeGreaterThan(200);
  expect(left).toBeGreaterThan(200);
});
