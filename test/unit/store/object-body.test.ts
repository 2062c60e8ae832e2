import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Compression, compressor } from "../../../src/store/compression.ts";
import { objectKey } from "../../../src/store/layout.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { objectBody, readObject } from "../../../src/store/object-body.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";

const key = (compression?: Compression) =>
  objectKey({
    kind: "topic",
    name: "t",
    partition: 0,
    startOffset: 0n,
    format: "json",
    ...(compression !== undefined && { compression }),
  });
const lines = Buffer.from(Array.from({ length: 3000 }, (_, n) => `{"n":${n},"m":${(n * 7919) % 3001}}\n`).join(""));

async function pack(compression: Compression, pieceBytes: number): Promise<Buffer> {
  const packer = compressor(compression);
  const parts: Buffer[] = [];
  for (let at = 0; at < lines.length; at += pieceBytes) {
    await packer.write(lines.subarray(at, at + pieceBytes));
    parts.push(packer.drain());
  }
  await packer.end();
  return Buffer.concat([...parts, packer.drain()]);
}

/** A store that hands bodies out in small chunks, as a network does. */
function inChunks(store: ObjectStore, chunkBytes: number): ObjectStore {
  return {
    ...store,
    async *stream(of) {
      const body = await store.get(of);
      for (let at = 0; at < body.length; at += chunkBytes) yield body.subarray(at, at + chunkBytes);
    },
  };
}

describe("the body of an object", () => {
  it("is its bytes where it is not packed", async () => {
    await using store = createMemoryStore();
    await store.put(key(), lines);
    expect((await readObject(store, key())).equals(lines)).toBe(true);
    expect(Buffer.concat(await Array.fromAsync(objectBody(store, key()))).equals(lines)).toBe(true);
  });

  it("is missing with the store's own error", async () => {
    await using store = createMemoryStore();
    for (const compression of [undefined, "gzip", "zstd"] as const)
      await expect(readObject(store, key(compression))).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
  });
});

describe.each([
  ["gzip", gzipSync],
  ["zstd", zstdCompressSync],
] as const)("a body packed with %s", (compression, packWhole) => {
  it("comes back, whoever packed it and however it is cut on the way", async () => {
    await using store = createMemoryStore();
    for (const body of [packWhole(lines), await pack(compression, 1000), await pack(compression, 1e6)]) {
      await store.put(key(compression), body);
      for (const chunkBytes of [13, 1000, 1e6])
        expect((await readObject(inChunks(store, chunkBytes), key(compression))).equals(lines)).toBe(true);
    }
  });

  it("is the same each time", async () => {
    expect(await pack(compression, 1000)).toEqual(await pack(compression, 1000));
  });

  it("can be given up at any moment, and whoever waits for a piece learns of it", async () => {
    const piece = Buffer.concat(Array.from({ length: 30 }, () => lines));
    for (const waitMs of [undefined, 0, 1, 3]) {
      const packer = compressor(compression);
      const writes = [packer.write(piece), packer.write(piece), packer.end()];
      if (waitMs !== undefined) await new Promise((resolve) => setTimeout(resolve, waitMs));
      packer.abort();
      writes.push(packer.write(piece));
      const outcomes = await Promise.allSettled(writes);
      expect(outcomes.at(-1)).toMatchObject({ status: "rejected" });
    }
  });

  it("is refused by name when it is cut short or one bit is another", async () => {
    await using store = createMemoryStore();
    const body = await pack(compression, 1e6);
    const wrong = [];
    for (let at = 0; at < body.length; at += at < 40 || at > body.length - 40 ? 1 : 211) {
      const flipped = Buffer.from(body);
      flipped[at] = (body[at] as number) ^ 4;
      wrong.push(body.subarray(0, at), flipped);
    }
    for (const one of wrong) {
      await store.put(key(compression), one);
      const read = readObject(store, key(compression));
      // Some bits of a header decide nothing.
      const outcome = await read.then(
        (same) => (same.equals(lines) ? "unharmed" : "altered"),
        (error: { code: string; message: string }) => `${error.code} ${error.message.includes(key(compression))}`,
      );
      expect(outcome).toBe(one.length === body.length && outcome === "unharmed" ? "unharmed" : "OBJECT_DAMAGED true");
    }
  });

  it("is never read as if nothing came behind its end", async () => {
    await using store = createMemoryStore();
    const body = packWhole(lines);
    for (const more of [Buffer.from("more"), body]) {
      await store.put(key(compression), Buffer.concat([body, more]));
      for (const chunkBytes of [53, body.length, 1e6]) {
        const outcome = await readObject(inChunks(store, chunkBytes), key(compression)).then(
          (read) => read.length / lines.length,
          (error: { code: string }) => error.code,
        );
        // Bodies may have several members or frames; where Node cannot read the second, it must not be left out.
        if (more !== body) expect(outcome).toBe("OBJECT_DAMAGED");
        else expect(compression === "gzip" ? [2] : [2, "OBJECT_DAMAGED"]).toContain(outcome);
      }
    }
  });
});
