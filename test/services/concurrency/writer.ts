import { readFileSync } from "node:fs";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { isPinlakeError } from "../../../src/errors.ts";
import { deltaFolder } from "../../support/delta-table.ts";
import { events } from "../../support/table-rows.ts";
import type { Step } from "./steps.ts";

// Makes its steps one after the other, each again until it is not overtaken; the n-th carries the txn n of the writer.
const [folder = "", writer = "", stepsFile = ""] = process.argv.slice(2);
const steps = JSON.parse(readFileSync(stepsFile, "utf8")) as Step[];
await using engine = createDuckDbEngine({ threads: 1 });
await using session = await engine.session();
await using table = await deltaFolder(folder, engine);
let overtaken = 0;

for (const [n, step] of steps.entries())
  for (;;) {
    const options = { basedOn: await table.snapshot(), txns: [{ appId: writer, version: BigInt(n) }] };
    try {
      if (step.kind === "append") await table.append(events(session, step.rows), options);
      else if (step.kind === "merge") await table.merge(events(session, step.rows), { ...options, key: ["id"] });
      else if (step.kind === "delete") await table.delete({ ...options, session, where: `seq = ${step.seq}` });
      else await table.optimize({ session });
      break;
    } catch (error) {
      if (!isPinlakeError(error, "TABLE_CONFLICT")) throw error;
      overtaken++;
    }
  }
process.stdout.write(`overtaken ${overtaken}\n`);
