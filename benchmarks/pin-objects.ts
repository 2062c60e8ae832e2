import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inGroups, type TakenObject } from "../src/batch/take.ts";
import type { RawInput } from "../src/engine/clean-files.ts";
import type { QuerySession } from "../src/engine/query-engine.ts";

const ROWS_PER_OBJECT = 10_000;
const CHUNK_BYTES = 64 * 1024 * 1024;

/** Objects as the sink cuts them, as files. */
export function writePinObjects(
  folder: string,
  { name, rows, line }: { readonly name: string; readonly rows: number; readonly line: (i: number) => string },
): string[] {
  return Array.from({ length: rows / ROWS_PER_OBJECT }, (_, object) => {
    const path = join(folder, `${name}-${object}.json`);
    const lines = Array.from({ length: ROWS_PER_OBJECT }, (_, i) => line(object * ROWS_PER_OBJECT + i));
    writeFileSync(path, `${lines.join("\n")}\n`);
    return path;
  });
}

/** The same objects in the groups in which a batch run takes them. */
export async function* objectGroups(session: QuerySession, paths: readonly string[]): AsyncGenerator<RawInput[]> {
  const taken = paths.map((key) => ({ key, textBytes: statSync(key).size }) as TakenObject);
  let object = 0;
  for (const group of inGroups(taken, { maxBytes: CHUNK_BYTES, atOnce: session.parallelism }))
    yield group.map(({ key: path }) => {
      const startOffset = BigInt(object++ * ROWS_PER_OBJECT);
      return { topic: "bench.pin", partition: 0, path, startOffset };
    });
}
