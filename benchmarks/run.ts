/** `npm run bench [-- NAME…] [--json] [--rows N] [--minutes N]`: every benchmark, or those named. */
import { parseArgs } from "node:util";
import { answers } from "./answers.ts";
import { chain } from "./chain.ts";
import { clean } from "./clean.ts";
import { delta } from "./delta.ts";
import { type Figure, printFigure } from "./figure.ts";
import { growth } from "./growth.ts";
import { ingest } from "./ingest.ts";
import { json } from "./json.ts";
import { latency } from "./latency.ts";
import { log } from "./log.ts";
import { memory } from "./memory.ts";
import { sink } from "./sink.ts";
import { soak } from "./soak.ts";
import { stream } from "./stream.ts";

const benchmarks = [ingest, json, log, sink, clean, stream, soak, latency, chain, answers, growth, memory, delta];

const options = {
  json: { type: "boolean", default: false },
  rows: { type: "string" },
  minutes: { type: "string" },
} as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(", ")}. There are: ${benchmarks.map(({ name }) => name).join(", ")}.`);
  process.exit(64);
}

const limits = {
  ...(values.rows === undefined ? {} : { rows: Number(values.rows) }),
  ...(values.minutes === undefined ? {} : { minutes: Number(values.minutes) }),
};
const all: Figure[] = [];
for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
  console.error(`== ${benchmark.name}`);
  for (const figure of await benchmark.run(limits)) {
    all.push(figure);
    if (!values.json) console.log(printFigure(figure));
  }
}
if (values.json) console.log(JSON.stringify(all, null, 2));
