import type { Reader } from "../app/reader.ts";
import type { Operations } from "../console/operations.ts";
import type { CommandContext } from "./context.ts";

/** Runs `work` with the tables and objects of the data folder, which nobody has to hold for that. */
export async function reading<T>(on: CommandContext, work: (reader: Reader) => Promise<T>): Promise<T> {
  const [{ openReader }, project] = await Promise.all([import("../app/reader.ts"), on.project()]);
  await using reader = await openReader(project, on.data);
  return await work(reader);
}

/** Runs `work` with the operations of who holds the data folder: a running `up`, or this process for the time of it. */
export async function operating<T>(on: CommandContext, work: (operations: Operations) => Promise<T>): Promise<T> {
  const [{ withOperations }, { systemClock }] = await Promise.all([
    import("../app/with-operations.ts"),
    import("../clock.ts"),
  ]);
  return withOperations({ data: on.data, project: on.project, clock: systemClock }, work);
}

/** Runs `work` with topics and streams to look at, which nobody has to hold the data folder for. */
export async function watching<T>(
  on: CommandContext,
  work: (topics: Pick<Operations, "list" | "read">) => Promise<T>,
  onlyUp?: string,
): Promise<T> {
  const [{ withTopics }, { systemClock }] = await Promise.all([
    import("../app/with-operations.ts"),
    import("../clock.ts"),
  ]);
  const options = { data: on.data, project: on.project, clock: systemClock };
  return withTopics(onlyUp === undefined ? options : { ...options, onlyUp }, work);
}
