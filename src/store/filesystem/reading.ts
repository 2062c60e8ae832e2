import type { ByteRange } from "../object-store.ts";
import type { FileCalls } from "./file-calls.ts";

const PIECE_BYTES = 256 * 1024;

/** The bytes of a file that lie in the range, fewer where it ends earlier. */
export async function readRange(
  path: string,
  files: FileCalls,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const file = await files.openToRead(path);
  try {
    signal?.throwIfAborted();
    const { size } = await file.stat();
    const start = Math.min(range?.start ?? 0, size);
    const bytes = new Uint8Array(Math.max(0, Math.min(range?.end ?? size, size) - start));
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) return bytes.subarray(0, done);
      done += bytesRead;
      signal?.throwIfAborted();
    }
    return bytes;
  } finally {
    await files.close(file);
  }
}

/** A file from its beginning; the pieces are the caller's to keep. */
export async function* readPieces(
  path: string,
  files: FileCalls,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const file = await files.openToRead(path);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE_BYTES), 0, PIECE_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await files.close(file);
  }
}
