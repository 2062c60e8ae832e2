import { type Compression, type Compressor, compressor } from "../store/compression.ts";
import type { BodyBuffers } from "./body-buffers.ts";
import type { FileBody } from "./open-file.ts";
import { type LineBuffer, lineBuffer } from "./plain-body.ts";
import type { turns } from "./turns.ts";

/** Between two pieces the packer waits for the event loop, which has other work: so they are few and large. */
const PIECE_BYTES = 1024 * 1024;

/** Lines may be so far ahead of their compression. */
const MAX_WAITING_BYTES = 2 * 1024 * 1024;

export interface Packing {
  readonly compression: Compression;
  /** Compression shares its threads with the log's syncs: only so much of it at once. */
  readonly inTurn: ReturnType<typeof turns>;
}

/** Lines that are compressed piece by piece while others still come. */
export function packedBody({ compression, inTurn }: Packing, buffers: BodyBuffers): FileBody {
  // A compressor takes much memory: a file that stays small gets one only at its end.
  let packer: Compressor | undefined;
  let piece = lineBuffer(buffers);
  const waiting: Promise<void>[] = [];
  let waitingBytes = 0;

  function handOver(): void {
    const full: LineBuffer = piece;
    const bytes = full.bytes();
    piece = lineBuffer(buffers);
    packer ??= compressor(compression);
    const into = packer;
    const before = waiting.at(-1) ?? Promise.resolve();
    const done = before.then(() => inTurn(() => into.write(bytes)));
    waiting.push(done);
    waitingBytes += bytes.length;
    const settle = () => {
      waiting.shift();
      waitingBytes -= bytes.length;
      full.release();
    };
    // Once one piece has failed those behind it do, and whoever asks for the body learns of it.
    done.then(settle, () => {});
  }

  return {
    add(line) {
      piece.add(line);
      if (piece.bytes().length >= PIECE_BYTES) handOver();
    },
    async caughtUp() {
      while (waitingBytes > MAX_WAITING_BYTES) await waiting[0];
    },
    async finish() {
      if (piece.bytes().length > 0) handOver();
      await waiting.at(-1);
      const { end, drain } = packer as Compressor;
      await inTurn(end);
      return drain();
    },
    forget() {
      packer?.abort();
      piece.release();
    },
    heldBytes: () => piece.capacity() + waitingBytes + (packer?.heldBytes() ?? 0),
  };
}
