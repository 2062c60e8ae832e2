/**
 * Where things lie in the scanner's memory.
 *
 * Behind the text lie zero bytes, which no token takes: so nothing here has to ask where the text ends.
 */
export const STACK: usize = 1024;
export const NAMES: usize = 2048;
export const FOUND: usize = 8192;
export const TEXT: usize = 65536;

/** Cells of four bytes: what a call tells beside its result. */
export const FAILURE: usize = 16;
export const FAILED_AT: usize = 20;
export const STRING_START: usize = 24;
export const FLAGS: usize = 28;
export const NAME_START: usize = 32;
export const NAME_END: usize = 36;
export const ESCAPED: usize = 40;
export const FOUND_COUNT: usize = 44;
export const STOPPED_AT: usize = 48;

/** Deeper nesting is refused, so that no later stage needs a stack for it. */
export const MAX_DEPTH: i32 = 512;

/** Bits of FLAGS. */
export const SPACED: i32 = 1;
export const NEWLINE: i32 = 2;
export const REPEATS: i32 = 4;
export const RESPELLED: i32 = 8;
export const NESTED: i32 = 16;

/** Why a text is no JSON; `not-json.ts` has the words. */
export const NO_VALUE: i32 = 1;
export const NO_STRING: i32 = 2;
export const NO_DIGIT: i32 = 3;
export const NO_COLON: i32 = 4;
export const NO_COMMA_OR_BRACE: i32 = 5;
export const NO_COMMA_OR_BRACKET: i32 = 6;
export const UNENDED_STRING: i32 = 7;
export const WRONG_ESCAPE: i32 = 8;
export const WRONG_UNICODE_ESCAPE: i32 = 9;
export const LONE_SURROGATE: i32 = 10;
export const TOO_DEEP: i32 = 11;

export const QUOTE: u8 = 0x22;
export const COMMA: u8 = 0x2c;
export const MINUS: u8 = 0x2d;
export const POINT: u8 = 0x2e;
export const ZERO: u8 = 0x30;
export const COLON: u8 = 0x3a;
export const OPEN_ARRAY: u8 = 0x5b;
export const BACKSLASH: u8 = 0x5c;
export const OPEN_OBJECT: u8 = 0x7b;

/** Flags of what was passed since they were last cleared. */
export let flags: i32 = 0;

export function clearFlags(): void {
  flags = 0;
}

export function flag(bits: i32): void {
  flags |= bits;
}

/** Notes why the text is none, and gives what every call gives then. */
export function fail(reason: i32, at: usize): usize {
  store<i32>(FAILURE, reason);
  store<i32>(FAILED_AT, at as i32);
  return 0;
}
