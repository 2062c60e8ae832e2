import type { FileExtent } from "./rotation.ts";

/** The bytes of an object in the making, in memory. */
export interface FileBody {
  /** Adds a line; its newline is not part of it. */
  add(line: Uint8Array): void;
  /** Resolves when what is done with the lines is not far behind them. */
  caughtUp(): Promise<void>;
  /** The object's bytes, until `forget`. Nothing is added afterwards. */
  finish(): Promise<Uint8Array>;
  /** Gives the memory back; always called, whatever happened before. */
  forget(): void;
  /** Memory in use, about. */
  heldBytes(): number;
}

/**
 * The object in the making: its extent always, its bytes as long as memory allows. Nothing is lost without them: the
 * log still holds the records, and they are read again when the object is written.
 */
export interface OpenFile extends FileExtent {
  add(line: Uint8Array): void;
  /** Hands over the bytes so far, which are then the caller's to forget; undefined once they were given up. */
  takeBody(): FileBody | undefined;
  /** Gives the bytes up; only the extent is kept from now on. */
  forgetBody(): void;
  caughtUp(): Promise<void>;
  /** Memory in use. */
  heldBytes(): number;
}

export function openFile(startOffset: bigint, openedAtMs: number, newBody: FileBody): OpenFile {
  let records = 0;
  let bytes = 0;
  let body: FileBody | undefined = newBody;
  const takeBody = () => {
    const taken = body;
    body = undefined;
    return taken;
  };
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
      body?.add(line);
      bytes += line.length + 1;
      records++;
    },
    takeBody,
    forgetBody: () => takeBody()?.forget(),
    caughtUp: async () => body?.caughtUp(),
    heldBytes: () => body?.heldBytes() ?? 0,
  };
}
