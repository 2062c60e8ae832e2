import { systemClock } from "../../src/clock.ts";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { isPinlakeError } from "../../src/errors.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { openDeltaTable } from "../../src/table/delta/delta-table.ts";
import { ready } from "../support/kill-ready.ts";
import { events } from "../support/table-rows.ts";

// Writes batch after batch as one of several writers: two rows of its own each, by append or by merge, and every third
// time a row under a key that all writers share. Prints the batch once its commit resolved.
const [root = "", writer = "", until = "0"] = process.argv.slice(2);
const store = await openFilesystemStore({ root });
await using engine = createDuckDbEngine({ threads: 1 });
await using session = await engine.session();
const table = openDeltaTable({ store, prefix: "t", engine, clock: systemClock, engineInfo: "pinlake/test" });
ready("ready");

for (;;) {
  const basedOn = await table.snapshot();
  const batch = Number(basedOn.txns.get(writer) ?? 0n) + 1;
  if (batch > Number(until)) break;
  const own = [0, 1].map((i) => ({ id: `${writer}-${batch}-${i}`, seq: batch }));
  const rows = events(session, batch % 3 === 0 ? [...own, { id: "shared", seq: batch, note: writer }] : own);
  const options = { basedOn, txns: [{ appId: writer, version: BigInt(batch) }] };
  try {
    if (batch % 3 === 0) await table.merge(rows, { ...options, key: ["id"] });
    else await table.append(rows, options);
    process.stdout.write(`done ${batch}\n`);
    if (batch % 10 === 0 && writer === "w0") await table.optimize({ session, growth: 4 });
  } catch (error) {
    if (!isPinlakeError(error, "TABLE_CONFLICT")) throw error;
  }
}
process.stdout.write("ended\n");
