import type { BodyBuffers } from "./body-buffers.ts";
import type { FileExtent } from "./rotation.ts";

const FIRST_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/**
 * The object in the making: its extent always, its bytes as long as memory allows. Nothing is lost without them: the
 * log still holds the records, and they are read again when the object is written.
 */
export interface OpenFile extends FileExtent {
  add(line: Uint8Array): void;
  /** The bytes so far; undefined once they were given up. */
  body(): Uint8Array | undefined;
  /** Gives the bytes up, and what `body` gave; only the extent is kept from now on. */
  forgetBody(): void;
  /** Memory in use. */
  heldBytes(): number;
}

export function openFile(startOffset: bigint, openedAtMs: number, buffers: BodyBuffers): OpenFile {
  let records = 0;
  let bytes = 0;
  let buffer: Buffer | undefined = buffers.take(FIRST_BYTES);

  return {
    startOffset,
    openedAtMs,
    get records() {
      return records;
    },
    get bytes() {
      return bytes;
    },
    add(line) {
      const end = bytes + line.length + 1;
      if (buffer !== undefined) {
        if (end > buffer.length) {
          const larger = buffers.take(Math.max(end, buffer.length * 2));
          larger.set(buffer.subarray(0, bytes));
          buffers.give(buffer);
          buffer = larger;
        }
        buffer.set(line, bytes);
        buffer[end - 1] = NEWLINE;
      }
      bytes = end;
      records++;
    },
    body: () => buffer?.subarray(0, bytes),
    forgetBody() {
      if (buffer !== undefined) buffers.give(buffer);
      buffer = undefined;
    },
    heldBytes: () => buffer?.length ?? 0,
  };
}
