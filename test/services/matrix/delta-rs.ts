import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { startLineProcess } from "../line-process.ts";
import { sourceSql } from "./rows.ts";

/** delta-rs, in a process of its own. It throws what delta-rs says. */
export interface DeltaRs extends AsyncDisposable {
  /** A query over the table `t`; every value as text, NULL as null. */
  query(path: string, sql: string): Promise<(string | null)[][]>;
  /** Code with what `delta-rs-runner.py` puts in its scope. */
  run(path: string, python: string, version?: number): Promise<void>;
}

export function startDeltaRs(folder: string): DeltaRs {
  const script = join(import.meta.dirname, "../../../scripts/services/delta-rs.sh");
  const python = execFileSync(script, { encoding: "utf8" }).trim();
  const child = startLineProcess("delta-rs", folder, [python, join(import.meta.dirname, "delta-rs-runner.py")]);
  async function ask(
    request: { readonly path: string } & Readonly<Record<string, unknown>>,
  ): Promise<(string | null)[][]> {
    const answer = await child.ask<{ rows: (string | null)[][] } | { error: string }>(request);
    if ("error" in answer) throw new Error(answer.error);
    return answer.rows;
  }
  return {
    query: (path, sql) => ask({ path, sql }),
    async run(path, code, version) {
      const wanted = code.matchAll(/rows\((\d+), (\d+), "(\w+)"\)/g);
      const sources = [...wanted].map(([, from, to, name = ""]) => [
        `${from} ${to} ${name}`,
        sourceSql.deltaRs({ from: Number(from), to: Number(to), name }),
      ]);
      await ask({ path, python: code, version, sources: Object.fromEntries(sources) });
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
