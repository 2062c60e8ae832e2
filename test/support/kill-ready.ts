import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";

/** Tells the parent that the work which it is to interrupt begins. What was compiled is kept first: a killed process cannot. */
export function ready(line: string): void {
  flushCompileCache();
  writeSync(1, `${line}\n`);
}
