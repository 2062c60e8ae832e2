import type { z } from "zod";
import { PinlakeError } from "../errors.ts";

/** Validates what a user wrote; every problem is named by its key path. */
export function parseDefinition<S extends z.ZodType>(
  what: string,
  schema: S,
  input: unknown,
  crossChecks: (parsed: z.output<S>) => readonly string[] = () => [],
): z.output<S> {
  const result = schema.safeParse(input);
  const problems = result.success ? crossChecks(result.data) : result.error.issues.map(describeIssue);
  if (result.success && problems.length === 0) return result.data;
  throw new PinlakeError("CONFIG_INVALID", { file: definitionName(what, input), problems });
}

/** One zod issue as `key.path: what is wrong and what is allowed`. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join(".");
  const message =
    issue.code === "unrecognized_keys"
      ? `unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}`
      : issue.message;
  return path === "" ? message : `${path}: ${message}`;
}

function definitionName(what: string, input: unknown): string {
  const name = typeof input === "object" && input !== null && "name" in input ? input.name : undefined;
  return typeof name === "string" ? `${what} "${name}"` : what;
}
