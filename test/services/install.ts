import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { serveSpark } from "./spark/spark-service.ts";

/** Installs the services once, before the files that use them run side by side, and has one Spark for all of them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scripts = join(import.meta.dirname, "../../scripts/services");
  for (const script of readdirSync(scripts).sort()) execFileSync(join(scripts, script), { stdio: ["ignore", 2, 2] });
  const spark = await serveSpark();
  project.provide("sparkUrl", spark.url);
  return async () => await spark[Symbol.asyncDispose]();
}
