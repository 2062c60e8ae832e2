import {
  COLON,
  COMMA,
  ESCAPED,
  fail,
  flag,
  MAX_DEPTH,
  MINUS,
  NAME_END,
  NAME_START,
  NESTED,
  NEWLINE,
  NO_COLON,
  NO_COMMA_OR_BRACE,
  NO_COMMA_OR_BRACKET,
  NO_DIGIT,
  NO_VALUE,
  OPEN_ARRAY,
  OPEN_OBJECT,
  POINT,
  QUOTE,
  RESPELLED,
  SPACED,
  STACK,
  TOO_DEEP,
  ZERO,
} from "./memory";
import { addName, beginNames } from "./names";
import { string } from "./string";

export function space(at: usize): usize {
  return load<u8>(at) > 0x20 ? at : spaceFrom(at);
}

function spaceFrom(at: usize): usize {
  while (true) {
    const c = load<u8>(at);
    if (c === 0x0a) flag(SPACED | NEWLINE);
    else if (c === 0x20 || c === 0x0d || c === 0x09) flag(SPACED);
    else return at;
    at++;
  }
}

/** Passes a member's name and colon, and the space around them; gives where its value begins. */
export function member(at: usize): usize {
  const end = string(at);
  if (end === 0) return 0;
  const behind = space(end);
  if (load<u8>(behind) !== COLON) return fail(NO_COLON, behind);
  store<i32>(NAME_START, (at + 1) as i32);
  store<i32>(NAME_END, (end - 1) as i32);
  return space(behind + 1);
}

/** Passes one value, which begins at `at`; 0 when it is none. */
export function value(at: usize, outer: i32): usize {
  const first = load<u8>(at);
  const checksNames = first === OPEN_OBJECT;
  if (checksNames) beginNames();
  let depth = outer;
  while (true) {
    const c = load<u8>(at);
    if (c === QUOTE) {
      at = string(at);
      if (at === 0) return 0;
    } else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      if (depth === MAX_DEPTH) return fail(TOO_DEEP, at);
      if (depth > outer) flag(NESTED);
      at = space(at + 1);
      // A closing bracket is its opening one plus 2.
      if (load<u8>(at) === c + 2) at++;
      else {
        store<u8>(STACK + (depth as usize), c);
        depth++;
        if (c === OPEN_ARRAY) continue;
        at = nameAt(at, checksNames && depth === outer + 1);
        if (at === 0) return 0;
        continue;
      }
    } else {
      at = scalar(at, c);
      if (at === 0) return 0;
    }
    while (true) {
      if (depth === outer) return at;
      const container = load<u8>(STACK + (depth as usize) - 1);
      at = space(at);
      const next = load<u8>(at);
      if (next === COMMA) {
        at = space(at + 1);
        if (container === OPEN_ARRAY) break;
        at = nameAt(at, checksNames && depth === outer + 1);
        if (at === 0) return 0;
        break;
      }
      if (next !== container + 2) return fail(container === OPEN_OBJECT ? NO_COMMA_OR_BRACE : NO_COMMA_OR_BRACKET, at);
      at++;
      depth--;
    }
  }
}

function nameAt(at: usize, checked: bool): usize {
  const behind = member(at);
  if (behind !== 0 && checked)
    addName(load<i32>(NAME_START) as usize, load<i32>(NAME_END) as usize, load<i32>(ESCAPED) !== 0);
  return behind;
}

/** A number or a literal. */
function scalar(at: usize, c: u8): usize {
  if (c === MINUS || isDigit(c)) return number(at);
  // "true", "fals", "null" as little-endian words
  const word = load<u32>(at);
  if (word === 0x65757274 || word === 0x6c6c756e) return at + 4;
  if (word === 0x736c6166 && load<u8>(at + 4) === 0x65) return at + 5;
  return fail(NO_VALUE, at);
}

function number(at: usize): usize {
  if (load<u8>(at) === MINUS) {
    at++;
    if (load<u8>(at) === ZERO) flag(RESPELLED);
  }
  if (load<u8>(at) === ZERO) at++;
  else {
    at = digits(at);
    if (at === 0) return 0;
  }
  if (load<u8>(at) === POINT) {
    flag(RESPELLED);
    at = digits(at + 1);
    if (at === 0) return 0;
  }
  if ((load<u8>(at) | 0x20) === 0x65) {
    flag(RESPELLED);
    const sign = load<u8>(at + 1);
    at = digits(sign === 0x2b || sign === MINUS ? at + 2 : at + 1);
  }
  return at;
}

function digits(at: usize): usize {
  if (!isDigit(load<u8>(at))) return fail(NO_DIGIT, at);
  do at++;
  while (isDigit(load<u8>(at)));
  return at;
}

function isDigit(c: u8): bool {
  return ((c - ZERO) as u8) <= 9;
}
