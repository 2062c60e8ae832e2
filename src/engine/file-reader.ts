import { open } from "node:fs/promises";

/** Reads a file as a whole and gives what `use` makes of it; its bytes are no longer there afterwards. */
export type FileReader = <T>(path: string, use: (bytes: Buffer) => T | Promise<T>) => Promise<T>;

/** Reads into memory that is used again: for a program, getting memory takes longer than reading what is in the cache. */
export function fileReader(): FileReader {
  const free: Buffer[] = [];
  return async (path, use) => {
    await using file = await open(path);
    const { size } = await file.stat();
    const spare = free.pop();
    const buffer = spare !== undefined && spare.length >= size ? spare : Buffer.allocUnsafeSlow(Math.ceil(size * 1.25));
    try {
      let filled = 0;
      while (filled < size) {
        const { bytesRead } = await file.read(buffer, filled, size - filled, filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return await use(buffer.subarray(0, filled));
    } finally {
      free.push(buffer);
    }
  };
}
