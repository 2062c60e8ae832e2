import { FEATURES, type Feature } from "../../test/services/matrix/features.ts";
import {
  type Hole,
  holeOf,
  isDefined,
  isTried,
  READERS,
  type Reader,
  WRITERS,
  type Writer,
} from "../../test/services/matrix/holes.ts";
import { OPERATIONS, type Operation } from "../../test/services/matrix/operations.ts";

const INTRO = `# Delta tables: what is tried, and with whom

Made by \`npm run reference\` from the definitions in \`test/services/matrix/\`; do not edit. Every ✓ is a test of \`MATRIX=whole npm run test:services\`,
and each operation and each feature is among those that \`npm run test:services\` picks, every fourth: a table with that feature is made and changed by one writer, and its rows are then read by us, by Spark, by delta-rs, and by DuckDB from the
files that the log names. With a table of Spark or delta-rs we go on (append, merge, delete, optimize), and they with ours (merge); everybody
reads again. Spark is 4.2.0 with Delta 4.4.0, delta-rs is 1.6.6 of PyPI.

A number is a hole, and its reason stands below. Where it can be tried, a test sees that it is still refused, so that the hole goes when its
reason does. A dot is not tried: of tables that are only read a few operations show all that reading them can meet.
`;

const TITLES: Readonly<Record<Writer, string>> = {
  we: "We write",
  Spark: "Spark writes",
  "delta-rs": "delta-rs writes",
};

/** Throws for a cell that is neither tried nor explained. */
export function deltaMatrixPage(): string {
  const reasons: string[] = [];
  const numberOf = (hole: Hole) => {
    if (!reasons.includes(hole.why)) reasons.push(hole.why);
    return String(reasons.indexOf(hole.why) + 1);
  };
  /** Over all operations: a hole after some of them stands beside the mark. */
  function mark(who: Reader, does: Hole["does"], feature: Feature): string {
    const tried = OPERATIONS.filter((operation) => isTried(operation, feature));
    const holes = tried.map((operation) => holeOf(who, does, operation, feature));
    const numbers = new Set(holes.filter((hole) => hole !== undefined).map(numberOf));
    return [...(holes.includes(undefined) ? ["✓"] : []), ...numbers].join(" ");
  }

  function written(writer: Writer, operation: Operation, feature: Feature): string {
    const hole = holeOf(writer, "write", operation, feature);
    if (hole !== undefined) return numberOf(hole);
    if (!isDefined(writer, operation, feature))
      throw new Error(`${writer}: "${operation.name}" on "${feature.name}" is neither defined nor a hole`);
    return isTried(operation, feature) ? "✓" : "·";
  }

  const read = (feature: Feature) => READERS.map((reader) => mark(reader, "read", feature));
  const goneOn = (who: Writer, feature: Feature) =>
    who !== "we" && feature.ours === undefined ? "" : mark(who, "go on", feature);
  const sections = [
    ...WRITERS.map((writer) => [
      `## ${TITLES[writer]}`,
      table(
        ["a table with", ...OPERATIONS.map(({ name }) => name)],
        FEATURES.map((feature) => [
          feature.name,
          ...OPERATIONS.map((operation) => written(writer, operation, feature)),
        ]),
      ),
    ]),
    [
      "## Reading, and going on",
      table(
        [
          "a table with",
          ...READERS.map((reader) => (reader === "we" ? "we read" : `${reader} reads`)),
          ...WRITERS.map((who) => (who === "we" ? "we go on" : `${who} goes on with ours`)),
        ],
        FEATURES.map((feature) => [feature.name, ...read(feature), ...WRITERS.map((who) => goneOn(who, feature))]),
      ),
    ],
  ];
  const text = sections.map((section) => section.join("\n\n"));
  return `${[INTRO.trimEnd(), ...text, `## Holes\n\n${reasons.map((why, i) => `${i + 1}. ${why}`).join("\n")}`].join("\n\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : ":-:"))), ...rows.map(line)].join("\n");
}
