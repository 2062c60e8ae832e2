import { PinlakeError } from "../errors.ts";

/** Bytes of request bodies that are held at this moment, kept under a limit. */
export interface InFlight {
  readonly bytes: number;
  /** Throws OVERLOADED beyond the limit; a single request always fits when nothing else is held. */
  reserve(bytes: number): void;
  release(bytes: number): void;
}

export function inFlight(maxBytes: number): InFlight {
  let held = 0;
  return {
    get bytes() {
      return held;
    },
    reserve(bytes) {
      if (held > 0 && held + bytes > maxBytes) throw new PinlakeError("OVERLOADED", { maxBytes });
      held += bytes;
    },
    release(bytes) {
      held -= bytes;
    },
  };
}
