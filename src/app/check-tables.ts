import type { Project } from "../config/load-project.ts";
import { PinlakeError } from "../errors.ts";
import { streamTopic } from "../log/names.ts";
import { takenBy } from "../quarantine/progress.ts";
import type { TakenFromLog } from "./check-progress.ts";
import { openReader } from "./reader.ts";

export interface CheckedTables {
  readonly count: number;
  readonly taken: readonly TakenFromLog[];
}

/**
 * Opens the newest version of every table, and the footer of each of its files; gives what they say that they have
 * taken. Throws TABLE_CORRUPT for the first that is not whole.
 */
export async function checkTables(project: Project, data: string, signal: AbortSignal): Promise<CheckedTables> {
  await using reader = await openReader(project, data);
  await using session = await reader.engine.session();
  const taken: TakenFromLog[] = [];
  let count = 0;
  for (const { name, prefix, schema } of reader.names) {
    const snapshot = await reader.openTable(prefix).find();
    if (snapshot === undefined) continue;
    count++;
    if (schema !== "answers")
      for (const { topic, ...of } of takenBy(snapshot, schema))
        taken.push({ ...of, what: `The table ${name}`, topic: schema === "stream" ? streamTopic(topic) : topic });
    const promised = await snapshot.countRows();
    const counted = await snapshot
      .define(session, "checked", { signal })
      .then(() => session.query("SELECT count(*) FROM checked", { signal }))
      .catch((cause: unknown) => {
        signal.throwIfAborted();
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new PinlakeError("TABLE_CORRUPT", { table: name, file: "a data file", reason }, { cause });
      });
    const rows = Number(counted.rows[0]?.[0]);
    if (rows === promised) continue;
    const reason = `its files hold ${rows} rows, and its log says ${promised}`;
    throw new PinlakeError("TABLE_CORRUPT", { table: name, file: "a data file", reason });
  }
  return { count, taken };
}
