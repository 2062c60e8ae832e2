import { inject } from "vitest";
import type { SparkAnswer } from "./spark-service.ts";

declare module "vitest" {
  interface ProvidedContext {
    sparkUrl: string;
  }
}

/** Every value as Spark's own text of it, NULL as null. Throws what Spark says against the statement. */
export type Spark = (statement: string) => Promise<(string | null)[][]>;

/** The Spark at that address. Default: the one that all files of a run share. */
export const sparkAt =
  (url = inject("sparkUrl")): Spark =>
  async (statement) => {
    const response = await fetch(url, { method: "POST", body: statement });
    const answer = (await response.json()) as SparkAnswer;
    if ("error" in answer) throw new Error(`${statement}: ${answer.error}`);
    return answer.rows;
  };
