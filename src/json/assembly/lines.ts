import {
  clearFlags,
  FOUND,
  FOUND_COUNT,
  flags,
  NESTED,
  NEWLINE,
  OPEN_OBJECT,
  REPEATS,
  RESPELLED,
  STOPPED_AT,
  TEXT,
} from "./memory";
import { value } from "./value";

/** Each of three numbers (u32): the line, where it starts, where it ends times two, plus one when it is strict JSON. */
const FOUND_BYTES: usize = 12;
const MAX_FOUND: i32 = ((TEXT - FOUND) / FOUND_BYTES) as i32;
const NEW_LINE: u8 = 0x0a;
const RETURN: u8 = 0x0d;

let respelled: i32 = 0;

/**
 * Counts the lines from `at` up to `end`, which is zero bytes or behind a newline, and notes those that are not one
 * strict object of scalars with different names. Stops early when no more can be noted.
 */
export function lines(at: usize, end: usize): i32 {
  let count: i32 = 0;
  let found: i32 = 0;
  respelled = 0;
  while (at < end && found < MAX_FOUND) {
    clearFlags();
    const start = at;
    let behind: usize = load<u8>(at) === OPEN_OBJECT ? value(at, 0) : 0;
    respelled |= flags & RESPELLED;
    let lineEnd = behind;
    if (behind !== 0) {
      if (load<u8>(lineEnd) === RETURN) lineEnd++;
      // A newline between tokens ends the line before its object does.
      if ((flags & NEWLINE) !== 0 || (lineEnd !== end && load<u8>(lineEnd) !== NEW_LINE)) behind = 0;
    }
    if (behind === 0) lineEnd = newline(start, end);
    const strict = behind !== 0 && (flags & REPEATS) === 0;
    if (!strict || (flags & NESTED) !== 0) {
      const into = FOUND + (found as usize) * FOUND_BYTES;
      store<u32>(into, count as u32);
      store<u32>(into, start as u32, 4);
      store<u32>(into, ((lineEnd as u32) << 1) | (strict ? 1 : 0), 8);
      found++;
    }
    count++;
    at = lineEnd + 1;
  }
  store<i32>(FOUND_COUNT, found);
  store<i32>(STOPPED_AT, at as i32);
  clearFlags();
  return count;
}

/** Whether a number of the last `lines` has a fraction or an exponent, or is a negative zero. */
export function anyRespelled(): bool {
  return respelled !== 0;
}

/** The first newline from `at` on, or `end`. */
function newline(at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(NEW_LINE)));
    if (mask !== 0) return at + ctz(mask);
  }
  return end;
}
