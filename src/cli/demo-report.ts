import type { DemoReport } from "../app/demo.ts";
import type { ResultTable } from "../app/results.ts";
import type { App } from "../app.ts";
import { asObjects, asText } from "./format-rows.ts";

export interface DemoParts {
  readonly app: App;
  readonly serving: { readonly gateway: string; readonly console: string };
  readonly report: DemoReport;
  readonly answers: ReadonlyMap<string, ResultTable>;
  readonly seconds: number;
  /** Whether it goes on listening afterwards. */
  readonly stays: boolean;
  /** The options that lead another command to the same folder. */
  readonly sameFolder: string;
}

/** The document that `demo --json` prints. */
export function demoDocument({ report, answers, seconds }: DemoParts) {
  const { posts, verification } = report;
  return {
    posts: posts.posts,
    reconciliation: verification.reconciliation,
    agreement: verification.agreement,
    answers: Object.fromEntries([...answers].map(([name, table]) => [name, asObjects(table)])),
    seconds,
  };
}

const ROWS_SHOWN = 10;

export function demoText({ app, serving, report, answers, seconds, stays, sameFolder }: DemoParts): string {
  const { folder, project } = app;
  const { posts, verification } = report;
  const sections: string[] = [];
  for (const { name, title } of project.answers) {
    const table = answers.get(name);
    if (table !== undefined) sections.push(`${title}  (${name})\n${shortened(table)}`);
  }
  sections.push(
    `Every event, and what became of it\n${asText({
      columns: ["arm", "dataset", "events", "rows", "superseded", "quarantined", "tombstones", "adds up"],
      rows: verification.reconciliation.map((one) => [
        one.arm,
        one.dataset,
        one.events,
        one.rows,
        one.superseded,
        one.quarantined,
        one.tombstones,
        one.ok ? "yes" : "NO",
      ]),
    })}`,
    `Batch and stream, row by row\n${asText({
      columns: ["dataset", "batch rows", "stream rows", "differences"],
      rows: verification.agreement.map((one) => [one.dataset, one.batchRows, one.streamRows, one.differences]),
    })}`,
    `Where everything lies\n${[
      ["source", folder.source],
      ["log", folder.log],
      ["objects", folder.objects],
      ["tables", folder.tables],
      ["answers", folder.answers],
      ...(stays
        ? [
            ["gateway", serving.gateway],
            ["console", serving.console],
          ]
        : []),
    ]
      .map(([what, where]) => `  ${what?.padEnd(8)} ${where}\n`)
      .join("")}`,
    `What to try next${stays ? ", in another terminal" : ""}\n${tries(app, stays)
      .map((command) => `  ${pinlake} ${command}${sameFolder}\n`)
      .join("")}`,
    `${posts.posts.sent} posts (${posts.sent} records) through both arms in ${seconds} s\n`,
  );
  return sections.join("\n");
}

/** How this command line is called: a checkout is not installed anywhere. */
const pinlake = import.meta.url.endsWith(".ts") ? "npx --no-install pinlake" : "npx pinlake";

function tries({ project }: App, stays: boolean): string[] {
  const [dataset] = project.datasets;
  const [answer] = project.answers;
  return [
    ...(answer === undefined ? [] : [`answers ${answer.name}`]),
    ...(dataset === undefined
      ? []
      : [`sql "SELECT * FROM ${dataset.name} LIMIT 5"`, `tables history stream.${dataset.name}`]),
    "quarantine ls",
    ...(stays ? ["doctor"] : ["up"]),
  ];
}

function shortened(table: ResultTable): string {
  const more = table.rows.length - ROWS_SHOWN;
  const text = asText({ ...table, rows: table.rows.slice(0, ROWS_SHOWN) });
  return more > 0 ? `${text}… and ${more} more\n` : text;
}
