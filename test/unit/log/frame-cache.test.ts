import { expect, it } from "vitest";
import { recordsFrame } from "../../../src/log/embedded/frame.ts";
import { frameCache } from "../../../src/log/embedded/frame-cache.ts";
import { scanFrames } from "../../../src/log/embedded/scan.ts";
import { segment } from "../../../src/log/embedded/segment.ts";
import { numbers } from "../../support/event-log.ts";

const KIB = 1024;
const frames = numbers(0, 64).map((n) => recordsFrame([], n, 0));
const file = Buffer.concat(frames);
const of = segment("", 0);

/** What the cache keeps alive: whole buffers, whatever little of each its frames are. */
function heldBytes(cache: ReturnType<typeof frameCache>): number {
  const held = new Set<Buffer>();
  for (let at = 0; at < file.length; at += frames[0]!.length) {
    const frame = cache.get(of, at);
    if (frame !== undefined) held.add(frame.buffer);
  }
  return [...held].reduce((sum, { length }) => sum + length, 0);
}

it("keeps no more memory than it may, also when each frame was read with much else behind it", async () => {
  const cache = frameCache(8 * KIB);
  const read = async (position: number) => Buffer.from(file.subarray(position));
  for (let at = 0; at < file.length; at += frames[0]!.length) {
    await scanFrames(read, at, file.length, (frame, position) => {
      cache.add(of, position, frame);
      return false;
    });
    expect(cache.get(of, at)).toBeDefined();
    expect(heldBytes(cache)).toBeLessThanOrEqual(8 * KIB);
  }
  expect(cache.get(of, 0)).toBeUndefined();
});

it("gives all frames of what was read at once, in the room of that", async () => {
  const cache = frameCache(file.length);
  await scanFrames(
    async () => file,
    0,
    file.length,
    (frame, position) => {
      cache.add(of, position, frame);
      return true;
    },
  );
  for (const [n, { length }] of frames.entries()) expect(cache.get(of, n * length)?.sequence).toBe(n);
});
