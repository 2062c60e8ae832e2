import { expect, it } from "vitest";
import { chunkCache } from "../../../src/log/embedded/chunk-cache.ts";
import { recordsFrame } from "../../../src/log/embedded/frame.ts";
import { scanFrames } from "../../../src/log/embedded/scan.ts";
import { segment } from "../../../src/log/embedded/segment.ts";
import { numbers } from "../../support/event-log.ts";

const KIB = 1024;
const frames = numbers(0, 64).map((n) => recordsFrame([], n, 0));
const FRAME = frames[0]!.length;
const file = Buffer.concat(frames);
const of = segment("", 0);
const kept = (maxBytes: number) => chunkCache(maxBytes).of(of);

/** Scans the file from a frame on; gives the sequences of the frames that were visited, and the bytes that were read. */
async function scan(chunks: ReturnType<typeof kept>, options: { from?: number; count?: number; of?: Buffer } = {}) {
  const { from = 0, count = frames.length, of: bytes = file } = options;
  const visited: number[] = [];
  let readBytes = 0;
  const read = async (position: number, length: number) => {
    const buffer = Buffer.from(bytes.subarray(position, position + length));
    readBytes += buffer.length;
    return buffer;
  };
  const visit = ({ sequence }: { readonly sequence: number }) => visited.push(sequence) < count;
  const { damage } = await scanFrames(read, from * FRAME, bytes.length, visit, chunks);
  return { visited, readBytes, damage };
}

/** What the cache keeps alive: whole buffers, whatever is asked of them. */
function heldBytes(chunks: ReturnType<typeof kept>): number {
  const held = new Set<Buffer>();
  for (const n of frames.keys()) {
    const chunk = chunks.holding(n * FRAME);
    if (chunk !== undefined) held.add(chunk.buffer);
  }
  return [...held].reduce((sum, { length }) => sum + length, 0);
}

it("keeps no more memory than it may, and what was read last", async () => {
  const chunks = kept(KIB);
  for (const n of frames.keys()) {
    const position = n * FRAME;
    chunks.add({ position, buffer: Buffer.from(file.subarray(position, position + 500)), verified: 0 });
    expect(chunks.holding(position)).toBeDefined();
    expect(heldBytes(chunks)).toBeLessThanOrEqual(KIB);
  }
  expect(chunks.holding(0)).toBeUndefined();
});

it("reads each byte once for a reader that goes on in small steps, and for those that follow", async () => {
  const chunks = kept(file.length);
  expect(await scan(chunks, { count: 3 })).toMatchObject({ visited: [0, 1, 2], readBytes: file.length });
  expect(await scan(chunks, { from: 2, count: 3 })).toMatchObject({ visited: [2, 3, 4], readBytes: 0 });
  expect(await scan(chunks)).toEqual({ visited: [...frames.keys()], readBytes: 0, damage: undefined });
});

it("goes on in the file where a chunk ends in the middle of a frame", async () => {
  const chunks = kept(file.length);
  chunks.add({ position: 0, buffer: Buffer.from(file.subarray(0, 10 * FRAME + 20)), verified: 0 });
  const { visited, readBytes, damage } = await scan(chunks);
  expect(visited).toEqual([...frames.keys()]);
  expect(readBytes).toBe(file.length - 10 * FRAME);
  expect(damage).toBeUndefined();
});

it("verifies what an earlier reader left unread, and asks the file about what looks damaged", async () => {
  const damaged = Buffer.from(file);
  damaged[20 * FRAME + 30]! ^= 1;
  const chunks = kept(file.length);
  expect(await scan(chunks, { of: damaged, count: 5 })).toMatchObject({ visited: numbers(0, 5), damage: undefined });
  const found = await scan(chunks, { of: damaged });
  expect(found).toMatchObject({ visited: numbers(0, 20), damage: "the checksum does not match" });
  expect((await scan(chunks)).visited).toEqual([...frames.keys()]);
});

it("holds chunks of each file apart", () => {
  const cache = chunkCache(file.length);
  cache.of(of).add({ position: 0, buffer: file, verified: 0 });
  expect(cache.of(segment("", 1)).holding(0)).toBeUndefined();
});
