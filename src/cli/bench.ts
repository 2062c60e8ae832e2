import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AddCommands } from "./program.ts";

const BENCHMARKS = fileURLToPath(new URL("../../benchmarks/run.ts", import.meta.url));

export const addBenchCommand: AddCommands = (program, context) => {
  const bench = program
    .command("bench")
    .argument("[names...]", "only these (benchmarks/README.md)")
    .description("the benchmarks, each beside this machine's own limit; in a checkout only");
  bench.action(async (names: readonly string[]) => {
    const { format, effects } = context(bench);
    if (!existsSync(BENCHMARKS))
      bench.error(
        "error: the benchmarks are no part of the installed package: clone the repository, then `npm run bench` there (benchmarks/README.md)",
        { exitCode: 64 },
      );
    const code = await new Promise<number>((resolve, reject) => {
      const json = format === "json" ? ["--json"] : [];
      const child = spawn(process.execPath, ["--conditions=pinlake-source", BENCHMARKS, ...names, ...json], {
        stdio: ["ignore", "inherit", "inherit"],
        signal: effects.signal,
      });
      child.once("error", reject);
      child.once("exit", (status) => resolve(status ?? 70));
    });
    effects.signal.throwIfAborted();
    if (code === 64) bench.error("error: no such benchmark", { exitCode: 64 });
    if (code === 0) return;
    const { PinlakeError } = await import("../errors.ts");
    throw new PinlakeError("INTERNAL", { reason: `the benchmarks ended with ${code}` });
  });
};
