import type { BodyBuffers } from "./body-buffers.ts";
import type { FileBody } from "./open-file.ts";

const FIRST_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/** Lines one behind the other, each ended, in one buffer that grows. */
export function plainBody(buffers: BodyBuffers): FileBody {
  const text = lineBuffer(buffers);
  return {
    add: (line) => text.add(line),
    caughtUp: async () => {},
    finish: async () => text.bytes(),
    forget: () => text.release(),
    heldBytes: () => text.capacity(),
  };
}

export interface LineBuffer {
  add(line: Uint8Array): void;
  bytes(): Buffer;
  capacity(): number;
  /** Gives the memory back; the buffer is empty afterwards. */
  release(): void;
}

export function lineBuffer(buffers: BodyBuffers): LineBuffer {
  let filled = 0;
  let buffer: Buffer = NOTHING;
  return {
    add(line) {
      const end = filled + line.length + 1;
      if (end > buffer.length) {
        const larger = buffers.take(Math.max(end, buffer.length * 2, FIRST_BYTES));
        larger.set(buffer.subarray(0, filled));
        buffers.give(buffer);
        buffer = larger;
      }
      buffer.set(line, filled);
      buffer[end - 1] = NEWLINE;
      filled = end;
    },
    bytes: () => buffer.subarray(0, filled),
    capacity: () => buffer.length,
    release() {
      buffers.give(buffer);
      buffer = NOTHING;
      filled = 0;
    },
  };
}

const NOTHING = Buffer.alloc(0);
