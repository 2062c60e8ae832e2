/** Objects with more names than this are looked through the thorough way. */
const QUICK_NAMES = 32;

/** Whether an object's names are all different, by their hashes. */
export interface NameCheck {
  begin(): void;
  add(bytes: Uint8Array, start: number, end: number, escaped: boolean): void;
  /** False when all names since `begin` are certainly different. */
  mayRepeat(): boolean;
}

export function createNameCheck(): NameCheck {
  const hashes = new Int32Array(QUICK_NAMES);
  let count = 0;
  let repeats = false;
  return {
    begin() {
      count = 0;
      repeats = false;
    },
    add(bytes, start, end, escaped) {
      if (repeats) return;
      let hash = end - start;
      for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
      for (let i = 0; i < count; i++) if (hashes[i] === hash) repeats = true;
      if (escaped || count === QUICK_NAMES) repeats = true;
      else hashes[count++] = hash;
    },
    mayRepeat: () => repeats,
  };
}
