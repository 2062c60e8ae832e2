import type { Project } from "../config/load-project.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { streamTopic } from "../log/names.ts";
import { takenBy } from "../quarantine/progress.ts";
import { checkTaken } from "./check-progress.ts";
import { openReader } from "./reader.ts";

/**
 * Opens the newest version of every table, and the footer of each of its files. Throws TABLE_CORRUPT for the first that
 * is not whole, LOG_BEHIND for one that has taken what the log never held.
 */
export async function checkTables(project: Project, data: string, log: EventLog, signal: AbortSignal): Promise<number> {
  await using reader = await openReader(project, data);
  await using session = await reader.engine.session();
  let found = 0;
  for (const { name, prefix, schema } of reader.names) {
    const snapshot = await reader.openTable(prefix).find();
    if (snapshot === undefined) continue;
    found++;
    if (schema !== "answers")
      await checkTaken(
        takenBy(snapshot, schema).map(({ topic, ...of }) => ({
          ...of,
          what: `The table ${name}`,
          topic: schema === "stream" ? streamTopic(topic) : topic,
        })),
        log,
      );
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
  return found;
}
