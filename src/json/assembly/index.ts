/**
 * JSON (RFC 8259) passed over in place, 16 bytes at a time, without building values. AssemblyScript; `npm run
 * build:scanner` makes `../scanner.wasm` of it. Every call takes and gives addresses of the memory; 0 is a failure.
 */
import * as state from "./memory";
import { value as valueAt } from "./value";

export { compact } from "./compact";
export { anyRespelled, lines } from "./lines";
export {
  ESCAPED,
  FAILED_AT,
  FAILURE,
  FLAGS,
  FOUND,
  FOUND_COUNT,
  MAX_DEPTH,
  NAME_END,
  NAME_START,
  REPEATS,
  SPACED,
  STOPPED_AT,
  STRING_START,
  TEXT,
} from "./memory";
export { string } from "./string";
export { member } from "./value";

/** Passes the value at `at`, which lies in `depth` containers; FLAGS tells what was passed. */
export function value(at: usize, depth: i32): usize {
  state.clearFlags();
  const end = valueAt(at, depth);
  store<i32>(state.FLAGS, state.flags);
  return end;
}
