/** Unsigned 32-bit numbers by index, grown without ever copying what is there. Unset ones are 0. */
export interface ChunkedUint32 {
  get(index: number): number;
  set(index: number, value: number): void;
}

const CHUNK_BITS = 14;
const MASK = (1 << CHUNK_BITS) - 1;

export function chunkedUint32(): ChunkedUint32 {
  const chunks: Uint32Array[] = [];
  return {
    get: (index) => chunks[index >>> CHUNK_BITS]?.[index & MASK] ?? 0,
    set(index, value) {
      const at = index >>> CHUNK_BITS;
      while (chunks.length <= at) chunks.push(new Uint32Array(1 << CHUNK_BITS));
      (chunks[at] as Uint32Array)[index & MASK] = value;
    },
  };
}
