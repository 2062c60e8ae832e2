import { createBatch } from "../batch/batch.ts";
import { systemClock } from "../clock.ts";
import type { Reader } from "./reader.ts";
import { type ResultTable, resultTable } from "./results.ts";

/** An answer as it was stored last; with parameters computed afresh over the newest tables, storing nothing. */
export async function readAnswer(
  { project, folder, objects, engine, openTable }: Reader,
  name: string,
  parameters: Readonly<Record<string, string>> | undefined,
  signal: AbortSignal,
): Promise<ResultTable> {
  const batch = createBatch({
    store: objects,
    engine,
    openTable,
    datasets: project.datasets,
    answers: project.answers,
    folders: { answers: folder.answers, temp: folder.temp },
    clock: systemClock,
  });
  return resultTable(
    parameters === undefined
      ? await batch.storedAnswer(name, { signal })
      : await batch.answer(name, parameters, { signal }),
  );
}
