import { chunkedUint32 } from "./chunked-uint32.ts";

/** Keys to row numbers 0, 1, 2, … in order of arrival. */
export interface KeyMap<Key> {
  readonly size: number;
  /** The key's row number; -1 when it has none. */
  find(key: Key): number;
  /** The key's row number, the next free one when it has none. */
  findOrAdd(key: Key): number;
}

const SEGMENT_BITS = 10;
const FIRST_SLOTS = 16;

export interface IntegerKeyMap extends KeyMap<number | bigint> {
  /** The same by the halves of a key, as `split` gives them. */
  findOrAddHalves(high: number, low: number): number;
}

/**
 * 64-bit integers in about 20 bytes each. The hash table is cut into segments that grow one at a time, so that adding
 * a key takes about the same time whether there are a thousand or ten million.
 */
export function integerKeyMap(): IntegerKeyMap {
  const high = chunkedUint32();
  const low = chunkedUint32();
  const segments: { slots: Uint32Array; used: number }[] = Array.from({ length: 1 << SEGMENT_BITS }, () => ({
    slots: new Uint32Array(FIRST_SLOTS),
    used: 0,
  }));
  let size = 0;

  /** The slot that holds the key, or the free one where it belongs. Slots hold row + 1; 0 is free. */
  const slotOf = (slots: Uint32Array, keyHigh: number, keyLow: number, hash: number): number => {
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = (slots[slot] as number) - 1;
      if (row < 0 || (low.get(row) === keyLow && high.get(row) === keyHigh)) return slot;
    }
  };

  const grow = (segment: { slots: Uint32Array; used: number }): void => {
    const before = segment.slots;
    const slots = new Uint32Array(before.length * 2);
    const mask = slots.length - 1;
    for (const entry of before) {
      if (entry === 0) continue;
      let slot = hashOf(high.get(entry - 1), low.get(entry - 1)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    segment.slots = slots;
  };

  const segmentOf = (hash: number) => segments[hash >>> (32 - SEGMENT_BITS)] as { slots: Uint32Array; used: number };

  function findOrAddHalves(keyHigh: number, keyLow: number): number {
    const hash = hashOf(keyHigh, keyLow);
    const segment = segmentOf(hash);
    const slot = slotOf(segment.slots, keyHigh, keyLow, hash);
    const found = segment.slots[slot] as number;
    if (found !== 0) return found - 1;
    const row = size++;
    high.set(row, keyHigh);
    low.set(row, keyLow);
    segment.slots[slot] = row + 1;
    segment.used++;
    if (segment.used * 2 > segment.slots.length) grow(segment);
    return row;
  }

  return {
    get size() {
      return size;
    },
    find(key) {
      const [keyHigh, keyLow] = split(key);
      const hash = hashOf(keyHigh, keyLow);
      const { slots } = segmentOf(hash);
      return (slots[slotOf(slots, keyHigh, keyLow, hash)] as number) - 1;
    },
    findOrAdd: (key) => findOrAddHalves(...split(key)),
    findOrAddHalves,
  };
}

/** The two's complement halves of a 64-bit integer, each as an unsigned 32-bit one. */
export function split(value: number | bigint): [high: number, low: number] {
  if (typeof value === "bigint") {
    const asNumber = Number(value);
    if (!Number.isSafeInteger(asNumber))
      return [Number(BigInt.asUintN(32, value >> 32n)), Number(BigInt.asUintN(32, value))];
    return split(asNumber);
  }
  return [Math.floor(value / 2 ** 32) >>> 0, value >>> 0];
}

function hashOf(high: number, low: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}
