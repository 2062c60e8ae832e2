import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { startLineProcess } from "../test/services/line-process.ts";
import { type Figure, median } from "./figure.ts";
import type { OurAnswer, OurWork } from "./ours.ts";
import { openSpark, SPARK, SPARK_FUNCTIONS, SPARK_IS_ABSENT } from "./spark.ts";

const ROUNDS = 3;

export interface BesideSpark {
  readonly name: string;
  /** What the figure counts, and how many of these a round makes. */
  readonly unit: string;
  readonly count: number;
  /** How many times Spark's rate it should be, and which part of its memory it may take. */
  readonly goal: number;
  readonly memoryGoal?: number;
  /** For this process's logs. */
  readonly folder: string;
  /** `small` is the warm-up, the others are measured. */
  readonly ours: (round: string) => OurWork;
  readonly sparks: (round: string) => readonly string[];
  /** Throws where both have not made the same of it. */
  readonly compare: (round: string) => Promise<void>;
}

const WARM_UP = "small";

/**
 * The same work by us and by Spark, each in a process of its own that has done a small part of it before: neither its start
 * nor the first compilation of its code counts. They take turns, so that a machine that drifts drifts for both.
 */
export async function besideSpark(options: BesideSpark): Promise<Figure[]> {
  const { name, unit, count, goal, memoryGoal, folder, sparks, compare } = options;
  const run = [process.execPath, "--conditions=pinlake-source", join(import.meta.dirname, "ours.ts")];
  await using ours = startLineProcess("Our process", join(folder, "ours"), run);
  await using spark = await openSpark();
  for (const definition of SPARK_FUNCTIONS) await spark?.run(definition);

  const times = { ours: [] as number[], spark: [] as number[] };
  let residentMb = 0;
  for (const round of [WARM_UP, ...Array.from({ length: ROUNDS }, (_, i) => `round-${i}`)]) {
    execFileSync("sync"); // or whoever syncs what it writes waits for what others have left unwritten
    const answer = await ours.ask<OurAnswer>(options.ours(round));
    execFileSync("sync");
    const startMs = performance.now();
    for (const statement of sparks(round)) await spark?.run(statement);
    const sparkMs = performance.now() - startMs;
    if (spark !== undefined) await compare(round);
    if (round === WARM_UP) continue;
    times.ours.push(answer.ms);
    times.spark.push(sparkMs);
    residentMb = answer.residentMb;
  }

  const rate = (ms: readonly number[]) => (count * 1000) / median(ms);
  const speed = { name, value: rate(times.ours), unit };
  const memory = { name: `${name}: resident at most`, value: residentMb, unit: "MiB" };
  const seconds = median(times.ours) / 1000;
  const besideOurs = spark === undefined ? "" : `, Spark ${inMs(times.spark)}`;
  console.error(`   ${name}: ours ${inMs(times.ours)}${besideOurs}`);
  if (spark === undefined) return [{ ...speed, details: { seconds, [SPARK]: SPARK_IS_ABSENT } }, memory];
  const limit = { what: SPARK, value: rate(times.spark) };
  const wanted = memoryGoal === undefined ? {} : { details: { "of Spark's, wanted at most": memoryGoal } };
  return [
    { ...speed, limit, goal, details: { seconds, "Spark's seconds": median(times.spark) / 1000 } },
    { ...memory, limit: { what: `${SPARK}, its JVM`, value: spark.residentMb() }, ...wanted },
  ];
}

const inMs = (times: readonly number[]) => `${times.map((ms) => Math.round(ms)).join(", ")} ms`;
