import { QUOTE } from "./memory";
import { knownStringEnd } from "./string";

/**
 * Lays the JSON text from `at` to `end` down at `into`, without the whitespace between its tokens; gives where that
 * ends. Up to 15 bytes behind it are written, too.
 */
export function compact(at: usize, end: usize, into: usize): usize {
  let from = at;
  while (at < end) {
    const c = load<u8>(at);
    if (c === QUOTE) at = knownStringEnd(at);
    else if (c > 0x20) at++;
    else {
      into = copied(into, from, at);
      do at++;
      while (at < end && load<u8>(at) <= 0x20);
      from = at;
    }
  }
  return copied(into, from, end);
}

/** In blocks, the last of which may be longer than what is left: most runs are short. */
function copied(into: usize, from: usize, end: usize): usize {
  const behind = into + (end - from);
  for (; from < end; from += 16, into += 16) v128.store(into, v128.load(from));
  return behind;
}
