import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from "node:zlib";

/** How the bytes of an object are packed. */
export type Compression = "gzip" | "zstd";

/** Packs a body that comes piece by piece, outside the thread that calls. */
export interface Compressor {
  /** Resolves when the piece was read; it must not change before. */
  write(piece: Uint8Array): Promise<void>;
  /** Resolves when all that was written has come out. */
  end(): Promise<void>;
  /** What has come out since the last call. */
  drain(): Buffer;
  /** Memory in use, about: what waits to be drained, and the compressor's own. */
  heldBytes(): number;
  /** Gives everything up; calls under way may reject. */
  abort(): void;
}

/** What everybody's tools take when they are asked for nothing else. */
const GZIP_LEVEL = 6;
const ZSTD_LEVEL = 3;

/** The compressor comes back to the event loop after so much output. */
const OUTPUT_BYTES = 512 * 1024;

const STATE_BYTES: Readonly<Record<Compression, number>> = {
  gzip: 256 * 1024 + OUTPUT_BYTES,
  zstd: 4 * 1024 * 1024 + OUTPUT_BYTES,
};

/** The same body gives the same bytes: fixed levels, and no time in the header. */
export function compressor(compression: Compression): Compressor {
  const stream =
    compression === "gzip"
      ? createGzip({ level: GZIP_LEVEL, chunkSize: OUTPUT_BYTES })
      : createZstdCompress({
          chunkSize: OUTPUT_BYTES,
          // Without its checksum a damaged body could be taken for a whole one.
          params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
        });
  let out: Buffer[] = [];
  let outBytes = 0;
  stream.on("data", (chunk: Buffer) => {
    out.push(chunk);
    outBytes += chunk.length;
  });
  const ended = new Promise<void>((resolve, reject) => {
    stream.once("end", resolve);
    stream.once("error", reject);
    stream.once("close", () => reject(new Error("The compressor was given up")));
  });
  ended.catch(() => {});
  return {
    write: (piece) =>
      new Promise((resolve, reject) => {
        stream.write(piece, (error) => (error ? reject(error) : resolve()));
      }),
    end() {
      stream.end();
      return ended;
    },
    drain() {
      const drained = Buffer.concat(out);
      out = [];
      outBytes = 0;
      return drained;
    },
    heldBytes: () => outBytes + STATE_BYTES[compression],
    abort: () => void stream.destroy(),
  };
}

/** An unpacker for one body. Its `bytesWritten` are those that belonged to the body. */
export const decompressor = (compression: Compression) =>
  compression === "gzip"
    ? createGunzip({ chunkSize: UNPACKED_BYTES })
    : createZstdDecompress({ chunkSize: UNPACKED_BYTES });

const UNPACKED_BYTES = 256 * 1024;
