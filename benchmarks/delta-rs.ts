import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

/** The Python of delta-rs, if scripts/services/delta-rs.sh has installed it. */
export function deltaRsPython(): string | undefined {
  return globSync(join(import.meta.dirname, "../.services/delta-rs-*/bin/python"))[0];
}

const SCRIPT = `
import json, resource, sys, time
from deltalake import DeltaTable, write_deltalake
from arro3.core import Array, DataType, Table
what, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
times = []
def timed(work):
    start = time.perf_counter()
    result = work()
    times.append((time.perf_counter() - start) * 1000)
    return result
if what == "append":
    for i in range(rounds):
        ids = Array(list(range(i * 1000, i * 1000 + 1000)), DataType.int64())
        names = Array([f"name {k}" for k in range(1000)], DataType.utf8())
        rows = Table.from_arrays([ids, names], names=["id", "name"])
        timed(lambda: write_deltalake(path, rows, mode="append"))
elif what == "open":
    for i in range(rounds):
        timed(lambda: DeltaTable(path))
elif what == "optimize":
    table = DeltaTable(path)
    timed(lambda: table.optimize.compact())
elif what == "checkpoint":
    table = DeltaTable(path)
    timed(lambda: table.create_checkpoint())
times.sort()
print(json.dumps({"p50": times[len(times) // 2], "residentMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
`;

export type DeltaRsWork = "append" | "open" | "optimize" | "checkpoint";

/** What delta-rs takes for the same, in ms; undefined where it is not installed or cannot. */
export function withDeltaRs(
  what: DeltaRsWork,
  path: string,
  rounds = 1,
): { readonly p50: number; readonly residentMb: number } | undefined {
  const python = deltaRsPython();
  if (python === undefined) return undefined;
  try {
    const out = execFileSync(python, ["-c", SCRIPT, what, path, String(rounds)], {
      encoding: "utf8",
      timeout: 300_000,
    });
    return JSON.parse(out);
  } catch (error) {
    console.error(
      `delta-rs could not ${what}: ${String((error as { stderr?: string }).stderr)
        .trim()
        .split("\n")
        .at(-1)}`,
    );
    return undefined;
  }
}
