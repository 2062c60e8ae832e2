import { parseProduceRequest } from "../src/gateway/kafka-rest/produce-request.ts";
import { scanJsonLines } from "../src/json/json-lines.ts";
import { jsonLine } from "../src/sink/json-text.ts";
import type { Benchmark } from "./figure.ts";
import { median } from "./figure.ts";
import { pin } from "./pins.ts";

const RECORDS = 6400;
const EACH = 100;
const ROUNDS = 25;

/** Passing over JSON in one thread, beside JSON.parse over the same bytes. */
export const json: Benchmark = {
  name: "json",
  run: async () => {
    const pins = Array.from({ length: RECORDS }, (_, i) => pin(i));
    const requests = Array.from({ length: RECORDS / EACH }, (_, i) =>
      pins.slice(i * EACH, (i + 1) * EACH).map((value) => ({ value })),
    );
    const bodies = requests.map((records) => Buffer.from(JSON.stringify({ records })));
    const spaced = bodies.map((body) => Buffer.from(withSpaces(body.toString())));
    const values = pins.map((value) => Buffer.from(JSON.stringify(value)));
    const file = Buffer.from(values.join("\n"));
    const take = (body: Buffer) => parseProduceRequest(body, "json", { timestampMs: 0 });
    const parse = (text: Buffer) => JSON.parse(text.toString());
    const [taken, takenSpaced, lines, scanned, parsed, parsedSpaced, parsedLines] = rates(
      () => bodies.forEach(take),
      () => spaced.forEach(take),
      () => values.forEach(jsonLine),
      () => scanJsonLines(file),
      () => bodies.forEach(parse),
      () => spaced.forEach(parse),
      () => values.forEach(parse),
    );
    const beside = (value: number) => ({ what: "JSON.parse over the same bytes", value });
    const unit = "records/s";
    return [
      { name: `JSON, produce requests of ${EACH} records`, value: taken, unit, limit: beside(parsed), goal: 1 },
      { name: "JSON, the same with spaces between tokens", value: takenSpaced, unit, limit: beside(parsedSpaced) },
      { name: "JSON, lines of the sink", value: lines, unit, limit: beside(parsedLines) },
      { name: "JSON, lines of a file", value: scanned, unit, limit: beside(parsedLines) },
    ];
  },
};

/** As Python's json.dumps writes it. */
const withSpaces = (text: string): string =>
  text.replaceAll('":', '": ').replaceAll(',"', ', "').replaceAll(",{", ", {");

/** Records/s of each, all in turn in every round. */
function rates<const Works extends readonly (() => void)[]>(...works: Works): { [K in keyof Works]: number } {
  const found = works.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, work] of works.entries()) {
      const startMs = performance.now();
      work();
      found[i]!.push((RECORDS * 1000) / (performance.now() - startMs));
    }
  return found.map(median) as { [K in keyof Works]: number };
}
