/** Memory for the bodies of objects, used again: fresh memory costs more than copying a body into it. */
export interface BodyBuffers {
  /** At least so many bytes, with anything in them. */
  take(bytes: number): Buffer;
  give(buffer: Buffer): void;
}

/** Smaller ones are cheap to make. */
const WORTH_KEEPING_BYTES = 1024 * 1024;
const KEPT = 4;

export function bodyBuffers(): BodyBuffers {
  const spare: Buffer[] = [];
  return {
    take(bytes) {
      const fits = bytes < WORTH_KEEPING_BYTES ? -1 : spare.findIndex((buffer) => buffer.length >= bytes);
      const [buffer] = fits === -1 ? [] : spare.splice(fits, 1);
      return buffer ?? Buffer.allocUnsafeSlow(bytes);
    },
    give(buffer) {
      if (buffer.length >= WORTH_KEEPING_BYTES && spare.length < KEPT) spare.push(buffer);
    },
  };
}
