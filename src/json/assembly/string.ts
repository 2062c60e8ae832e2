import {
  BACKSLASH,
  ESCAPED,
  fail,
  LONE_SURROGATE,
  NO_STRING,
  QUOTE,
  STRING_START,
  UNENDED_STRING,
  WRONG_ESCAPE,
  WRONG_UNICODE_ESCAPE,
} from "./memory";

/** The first byte from `at` on that a string cannot hold as it is: a quote, a backslash or a control character. */
function plainEnd(at: usize): usize {
  while (true) {
    const block = v128.load(at);
    const stops = v128.or(
      v128.or(i8x16.eq(block, i8x16.splat(QUOTE)), i8x16.eq(block, i8x16.splat(BACKSLASH))),
      i8x16.lt_u(block, i8x16.splat(0x20)),
    );
    const mask = i8x16.bitmask(stops);
    if (mask !== 0) return at + ctz(mask);
    at += 16;
  }
}

/** Passes a string; 0 when there is none at `at`. */
export function string(at: usize): usize {
  if (load<u8>(at) !== QUOTE) return fail(NO_STRING, at);
  const end = plainEnd(at + 1);
  store<i32>(ESCAPED, 0);
  return load<u8>(end) === QUOTE ? end + 1 : stringFrom(at, end);
}

/** Passes a string of a text that is known to be JSON. */
export function knownStringEnd(at: usize): usize {
  at = plainEnd(at + 1);
  while (load<u8>(at) === BACKSLASH) at = plainEnd(at + 2);
  return at + 1;
}

/** The rest of the string that begins at `start`, from its first escape on. */
function stringFrom(start: usize, at: usize): usize {
  store<i32>(ESCAPED, 1);
  while (true) {
    const c = load<u8>(at);
    if (c === QUOTE) return at + 1;
    if (c !== BACKSLASH) {
      // Whether that is the end of the text is known to who asked.
      store<i32>(STRING_START, start as i32);
      return fail(UNENDED_STRING, at);
    }
    const behind = escapeEnd(at);
    if (behind === 0) return 0;
    at = plainEnd(behind);
  }
}

/** Passes the escape at `at`, where a backslash is; a pair of surrogates is one escape. */
function escapeEnd(at: usize): usize {
  const c = load<u8>(at + 1);
  if (c !== 0x75) return isShortEscape(c) ? at + 2 : fail(WRONG_ESCAPE, at);
  const unit = hex4(at + 2);
  if (unit < 0) return fail(WRONG_UNICODE_ESCAPE, at);
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  // "\u" in one go
  const second = unit <= 0xdbff && load<u16>(at + 6) === 0x755c ? hex4(at + 8) : -1;
  return second >= 0xdc00 && second <= 0xdfff ? at + 12 : fail(LONE_SURROGATE, at);
}

/** One of `"\/bfnrt`. */
function isShortEscape(c: u8): bool {
  switch (c) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    default:
      return false;
  }
}

/** Four hexadecimal digits, or -1. */
function hex4(at: usize): i32 {
  let value: i32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c = load<u8>(at + i) as i32;
    const lower = c | 0x20;
    if (c >= 0x30 && c <= 0x39) value = (value << 4) + c - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) value = (value << 4) + lower - 0x57;
    else return -1;
  }
  return value;
}
