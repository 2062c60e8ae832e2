import { flag, NAMES, REPEATS } from "./memory";

/** Slots of a hash (u64) and the number of the object it belongs to (u32). */
const SLOTS: u32 = 256;
const SLOT_BYTES: usize = 16;
/** Objects with more names than this are looked through the thorough way. */
const QUICK_NAMES: i32 = 128;
const MULTIPLIER: u64 = 0x1b873593cc9e2d;

let object: u32 = 0;
let count: i32 = 0;

/** A new object: the names of the one before are forgotten. */
export function beginNames(): void {
  // After 2^32 objects numbers come again.
  if (++object === 0) {
    memory.fill(NAMES, 0, (SLOTS as usize) * SLOT_BYTES);
    object = 1;
  }
  count = 0;
}

/** Flags REPEATS when the object may have a name of these bytes already; without the flag all are certainly different. */
export function addName(start: usize, end: usize, escaped: bool): void {
  if (escaped || ++count > QUICK_NAMES) {
    flag(REPEATS);
    return;
  }
  const hash = hashOf(start, end);
  for (let slot = (hash >> 32) as u32; ; slot++) {
    const at = NAMES + ((slot & (SLOTS - 1)) as usize) * SLOT_BYTES;
    if (load<u32>(at, 8) !== object) {
      store<u64>(at, hash);
      store<u32>(at, object, 8);
      return;
    }
    if (load<u64>(at) === hash) {
      flag(REPEATS);
      return;
    }
  }
}

function hashOf(start: usize, end: usize): u64 {
  let hash = ((end - start) as u64) * MULTIPLIER;
  let at = start;
  for (; at + 8 <= end; at += 8) hash = mixed(hash ^ load<u64>(at));
  const left = (end - at) as u64;
  return left === 0 ? hash : mixed(hash ^ (load<u64>(at) << (64 - (left << 3))));
}

function mixed(hash: u64): u64 {
  const product = hash * MULTIPLIER;
  return product ^ (product >> 29);
}
