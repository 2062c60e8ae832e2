import {
  type InspectOptions,
  listQuarantined,
  type QuarantineFilter,
  summariseQuarantine,
} from "../quarantine/inspect.ts";
import type { Reader } from "./reader.ts";
import { type ResultTable, resultTable } from "./results.ts";

/** How many records wait in quarantine, by arm, dataset and reason. */
export const quarantineSummary = (reader: Reader): Promise<ResultTable> =>
  inspect(reader, async (options) => resultTable(await summariseQuarantine(options)));

/** The records themselves. */
export const quarantinedRecords = (reader: Reader, filter: QuarantineFilter): Promise<ResultTable> =>
  inspect(reader, async (options) => resultTable(await listQuarantined(options, filter)));

async function inspect<T>(
  { engine, openTable, folder }: Reader,
  work: (options: InspectOptions) => Promise<T>,
): Promise<T> {
  await using session = await engine.session({ readOnlyFolders: [folder.tables] });
  return await work({ session, openTable });
}
