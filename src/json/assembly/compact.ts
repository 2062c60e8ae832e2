import { QUOTE } from "./memory";
import { knownStringEnd } from "./string";

/** Takes the whitespace between the tokens of the JSON text from `at` to `end` away, in place; gives its new end. */
export function compact(at: usize, end: usize): usize {
  let into = at;
  let from = at;
  while (at < end) {
    const c = load<u8>(at);
    if (c === QUOTE) at = knownStringEnd(at);
    else if (c > 0x20) at++;
    else {
      into = moved(into, from, at);
      do at++;
      while (at < end && load<u8>(at) <= 0x20);
      from = at;
    }
  }
  return moved(into, from, end);
}

function moved(into: usize, from: usize, end: usize): usize {
  if (into !== from) memory.copy(into, from, end - from);
  return into + (end - from);
}
