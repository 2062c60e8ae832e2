/**
 * JSON (RFC 8259) passed over in place, 16 bytes at a time, without building values. AssemblyScript; `npm run
 * build:scanner` makes `../scanner.wasm` of it. Every call takes and gives addresses of the memory; 0 is a failure.
 */
import * as state from "./memory";
import { member as memberAt, space as spaceAt, value as valueAt } from "./value";

export { anyRespelled, lines } from "./lines";
export {
  ESCAPED,
  FAILED_AT,
  FAILURE,
  FLAGS,
  FOUND,
  FOUND_COUNT,
  NAME_END,
  NAME_START,
  NESTED,
  REPEATS,
  SPACED,
  STOPPED_AT,
  TEXT,
} from "./memory";
export { string } from "./string";

/** Passes whitespace. */
export function space(at: usize): usize {
  state.clearFlags();
  return told(spaceAt(at));
}

/** Passes a name, its colon and the space around them. */
export function member(at: usize): usize {
  state.clearFlags();
  return told(memberAt(at));
}

/** Passes the value at `at`, which lies in `depth` containers. */
export function value(at: usize, depth: i32): usize {
  state.clearFlags();
  return told(valueAt(at, depth));
}

function told(at: usize): usize {
  store<i32>(state.FLAGS, state.flags);
  return at;
}
