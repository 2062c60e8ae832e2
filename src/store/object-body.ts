import { pipeline } from "node:stream/promises";
import { PinlakeError } from "../errors.ts";
import { type Compression, decompressor } from "./compression.ts";
import { parseObjectKey } from "./layout.ts";
import type { ObjectStore } from "./object-store.ts";

export interface BodyOptions {
  readonly signal?: AbortSignal;
}

/**
 * The lines (or the one record) of an object, unpacked as its name says. Throws OBJECT_NOT_FOUND, and OBJECT_DAMAGED
 * where a packed body is cut short, altered, or followed by anything else; what came before is then not to be used.
 */
export async function* objectBody(
  store: ObjectStore,
  key: string,
  options: BodyOptions = {},
): AsyncGenerator<Uint8Array> {
  const compression = parseObjectKey(key)?.compression;
  const stored = store.stream(key, options);
  if (compression === undefined) yield* stored;
  else yield* unpacked(stored, compression, key);
}

/** The same as a whole. */
export const readObject = async (store: ObjectStore, key: string, options: BodyOptions = {}): Promise<Buffer> =>
  unpackObject(key, await store.get(key, options));

/** The lines behind what is stored under a key. Throws OBJECT_DAMAGED. */
export async function unpackObject(key: string, stored: Uint8Array): Promise<Buffer> {
  const compression = parseObjectKey(key)?.compression;
  if (compression === undefined) return Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  async function* whole() {
    yield stored;
  }
  return Buffer.concat(await Array.fromAsync(unpacked(whole(), compression, key)));
}

/** The path of a file that holds an object's lines as they are; undefined where there is none: read `objectBody` then. */
export const plainPath = (store: ObjectStore, key: string): string | undefined =>
  parseObjectKey(key)?.compression === undefined ? store.localPath(key) : undefined;

async function* unpacked(
  stored: AsyncIterable<Uint8Array>,
  compression: Compression,
  key: string,
): AsyncGenerator<Uint8Array> {
  const unpack = decompressor(compression);
  let storedBytes = 0;
  async function* counted() {
    for await (const chunk of stored) {
      storedBytes += chunk.length;
      yield chunk;
    }
  }
  const fed = pipeline(counted(), unpack);
  fed.catch(() => {}); // it destroys `unpack` with what happened, and that is thrown below
  try {
    for await (const chunk of unpack) yield chunk as Buffer;
  } catch (error) {
    if (!isUnpacking(error)) throw error;
    throw new PinlakeError("OBJECT_DAMAGED", { key, reason: error.message }, { cause: error });
  }
  // Node's zstd stops behind the first frame and says nothing of what follows.
  const allTaken = await fed.then(
    () => unpack.bytesWritten === storedBytes,
    () => false,
  );
  if (allTaken) return;
  throw new PinlakeError("OBJECT_DAMAGED", {
    key,
    reason: `it goes on behind its end, at byte ${unpack.bytesWritten}`,
  });
}

const isUnpacking = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && /^(Z_|ZSTD_)/.test(String(error.code));
