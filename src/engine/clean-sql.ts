import type { Dataset, Rule } from "../define/dataset.ts";
import { sqlTokens } from "../define/portable-sql.ts";
import { PinlakeError } from "../errors.ts";
import { POSITION_COLUMNS } from "./quarantine-columns.ts";
import type { QuerySession } from "./query-engine.ts";
import { type Column, dataType } from "./schema.ts";

/** The columns of the table of good rows: the dataset's own, then the position. */
export function cleanColumns(dataset: Pick<Dataset, "columns">): Column[] {
  return [...dataset.columns.map(({ name, type }) => ({ name, type: dataType(type) })), ...POSITION_COLUMNS];
}

/**
 * The dataset's SELECT with more in its list: what the rows carry through (`_`-columns of `raw`), and the raw fields that
 * rules look at, as a struct named `raw`, so that a rule sees clean columns by name and raw ones as `raw.field`.
 */
function carrying(session: QuerySession, dataset: Dataset, carried: readonly string[]): string {
  const first = sqlTokens(dataset.select)[0];
  if (first?.text.toUpperCase() !== "SELECT")
    throw new PinlakeError("CONFIG_INVALID", { file: dataset.sql, problems: ["it must be one SELECT over raw"] });
  const fields = ruleFields(dataset).map((name) => `${session.literal(name)}: raw.${session.quote(name)}`);
  const struct = fields.length === 0 ? [] : [`{${fields.join(", ")}} AS raw`];
  const list = [...carried.map((name) => `raw.${name} AS ${name}`), ...struct].join(", ");
  const behind = first.at + first.text.length;
  return `SELECT ${list},${dataset.select.slice(behind).replace(/;\s*$/, "")}`;
}

function ruleFields({ checks, warnings, record }: Dataset): string[] {
  const text = [...checks, ...warnings].map((rule) => rule.when).join("\n");
  return Object.keys(record.fields).filter((field) => new RegExp(`\\braw\\s*[.]\\s*${field}\\b`, "i").test(text));
}

/**
 * Cleans the relation `raw`: the dataset's columns as declared, the carried columns, `_reason` (NULL for good rows),
 * and `_warning<i>` for each warning.
 */
export function cleaningSql(session: QuerySession, dataset: Dataset, carried: readonly string[]): string {
  const columns = dataset.columns.map(
    ({ name, type }) =>
      `CAST(q.${session.quote(name)} AS ${session.typeName(dataType(type))}) AS ${session.quote(name)}`,
  );
  const when = (rule: Rule) => `WHEN (${rule.when}) THEN ${session.literal(rule.name)}`;
  const reason = `CASE WHEN q.${session.quote(dataset.key)} IS NULL THEN 'missing_key' ${dataset.checks.map(when).join(" ")} END AS _reason`;
  const warnings = dataset.warnings.map((rule, i) => `coalesce((${rule.when}), false) AS _warning${i}`);
  const list = [...columns, ...carried.map((name) => `q.${name}`), reason, ...warnings];
  return `SELECT ${list.join(", ")} FROM (\n${carrying(session, dataset, carried)}\n) AS q`;
}
