import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerPrefix, inOrder } from "../src/batch/answers.ts";
import { parameterRow } from "../src/batch/parameters.ts";
import { loadProject, type Project } from "../src/config/load-project.ts";
import type { Answer } from "../src/define/answer.ts";
import type { Dataset } from "../src/define/dataset.ts";
import { cleanTablePrefix } from "../src/quarantine/clean-table.ts";
import { writeAnswerTables } from "./answer-tables.ts";
import { besideSpark } from "./beside-spark.ts";
import type { Benchmark, Figure } from "./figure.ts";
import { expectSameRows } from "./same-rows.ts";

const ROWS = 10_000_000;
const JOINED = "popular_category_by_country";

/** The shipped answers from clean tables to stored answers, beside Spark: all over a tenth of the rows, one over all of them. */
export const answers: Benchmark = {
  name: "answers",
  run: async ({ rows = ROWS } = {}) => {
    const project = await loadProject(join(import.meta.dirname, "../pinterest"), {});
    const all = project.answers.map(({ name }) => name);
    return [
      ...(await answered(project, { names: all, rows: rows / 10, goal: 8 })),
      ...(await answered(project, { names: [JOINED], rows, goal: 6 })),
    ];
  },
};

interface Question {
  readonly names: readonly string[];
  readonly rows: number;
  readonly goal: number;
}

async function answered(project: Project, { names, rows, goal }: Question): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
  try {
    const questions = inOrder(project.answers, names);
    const datasets = project.datasets.filter(({ name }) => questions.some(({ from }) => from.includes(name)));
    const rootOf = (round: string) => join(folder, round === "small" ? "small" : "full");
    for (const [round, count] of [["small", rows / 20] as const, ["full", rows] as const]) {
      mkdirSync(rootOf(round));
      await writeAnswerTables(rootOf(round), datasets, count);
    }
    const size = rows.toLocaleString("en");
    return await besideSpark({
      name:
        names.length === 1
          ? `${names[0]}, ${size} rows joined with ${size}`
          : `all ${names.length} answers over ${size} rows each`,
      unit: "answers/s",
      count: names.length,
      goal,
      folder,
      ours: (round) => ({ work: "answers", tables: rootOf(round), names }),
      sparks: (round) => sparkStatements(rootOf(round), { round, datasets, questions }),
      compare: async (round) => {
        for (const { name, columns } of questions)
          await expectSameRows(
            rootOf(round),
            [answerPrefix(name), `spark-${round}/${name}`],
            columns.map((column) => column.name),
          );
      },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each answer's own SQL, stored as a Delta table; the answers that others read are read from there. */
function sparkStatements(
  root: string,
  of: { readonly round: string; readonly datasets: readonly Dataset[]; readonly questions: readonly Answer[] },
): string[] {
  const at = (prefix: string) => `delta.\`${join(root, prefix)}\``;
  const view = (name: string, sql: string) => `CREATE OR REPLACE TEMPORARY VIEW ${name} AS ${sql}`;
  return [
    ...of.datasets.map(({ name }) => view(name, `SELECT * FROM ${at(cleanTablePrefix("batch", name))}`)),
    ...of.questions.flatMap((answer) => {
      const stored = at(`spark-${of.round}/${answer.name}`);
      const params = paramsSql(answer);
      return [
        ...(params === undefined ? [] : [view("params", params)]),
        `CREATE TABLE ${stored} USING delta AS ${answer.sql}`,
        view(answer.name, `SELECT * FROM ${stored}`),
      ];
    }),
  ];
}

function paramsSql(answer: Answer): string | undefined {
  const row = parameterRow(answer);
  const columns = row?.columns.map(({ name, type }, i) => {
    const value = row.row[i] ?? null;
    const text = value === null ? "NULL" : `'${String(value)}'`;
    return `CAST(${text} AS ${type === "long" ? "BIGINT" : "STRING"}) AS \`${name}\``;
  });
  return columns && `SELECT ${columns.join(", ")}`;
}
