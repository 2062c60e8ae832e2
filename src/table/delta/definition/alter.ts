import { randomUUID } from "node:crypto";
import { PinlakeError } from "../../../errors.ts";
import type { Commit, CommitOptions } from "../../table.ts";
import type { AddedColumn, NewConstraint, TableChange } from "../../table-change.ts";
import type { TableContext } from "../context.ts";
import { defineFiles } from "../files/define-files.ts";
import { withScratch } from "../files/scratch.ts";
import type { MetaData } from "../log/actions.ts";
import { begin, type Change, commit } from "../log/commit.ts";
import type { LoadedState } from "../log/state.ts";
import { commitResult, NO_COUNTS, withConfiguration } from "../write/result.ts";
import { CHECK, checkRows } from "./constraints.ts";
import { checkSettable, checkUnsettable } from "./properties.ts";
import { withColumns } from "./schema-changes.ts";

/** Changes what a table is in a commit without rows; appends of others may come before it, other definitions not. */
export async function alter(context: TableContext, change: TableChange, options: CommitOptions): Promise<Commit> {
  const base = await begin(context, options);
  const { metaData, ...altered } = await alteration(context, base, change, options.signal);
  const after = await commit(context, {
    base,
    ...altered,
    metaData: withConfiguration(metaData, options) ?? metaData,
    metrics: options.metrics?.(NO_COUNTS) ?? {},
    txns: options.txns ?? [],
    signal: options.signal,
  });
  return commitResult(after.version, NO_COUNTS, {});
}

type Alteration = Pick<Change, "operation" | "operationParameters" | "reads"> & { readonly metaData: MetaData };

const NOTHING = { kind: "nothing" } as const;

/** The definition after a change, and what Spark calls that. */
async function alteration(
  context: TableContext,
  base: LoadedState,
  change: TableChange,
  signal: AbortSignal | undefined,
): Promise<Alteration> {
  const { metaData } = base;
  if ("addColumns" in change) {
    const after = withColumns(context.location, JSON.parse(metaData.schemaString), change.addColumns);
    return {
      operation: "ADD COLUMNS",
      operationParameters: { columns: JSON.stringify(change.addColumns.map(columnParameter)) },
      reads: NOTHING,
      metaData: { ...metaData, schemaString: JSON.stringify(after) },
    };
  }
  if ("setProperties" in change) {
    checkSettable(change.setProperties);
    return {
      operation: "SET TBLPROPERTIES",
      operationParameters: { properties: JSON.stringify(change.setProperties) },
      reads: NOTHING,
      metaData: { ...metaData, configuration: { ...metaData.configuration, ...change.setProperties } },
    };
  }
  if ("unsetProperties" in change) {
    checkUnsettable(change.unsetProperties);
    return {
      operation: "UNSET TBLPROPERTIES",
      operationParameters: { properties: JSON.stringify(change.unsetProperties), ifExists: true },
      reads: NOTHING,
      metaData: without(metaData, change.unsetProperties),
    };
  }
  if ("dropConstraint" in change) {
    const name = change.dropConstraint.toLowerCase();
    const property = constraintNamed(metaData, name);
    if (property === undefined)
      throw new PinlakeError("USAGE", { message: `${context.location} has no constraint ${name}.` });
    return {
      operation: "DROP CONSTRAINT",
      operationParameters: { name, expr: metaData.configuration[property], existed: "true" },
      reads: NOTHING,
      metaData: without(metaData, [property]),
    };
  }
  return addedConstraint(context, base, change.addConstraint, signal);
}

async function addedConstraint(
  context: TableContext,
  base: LoadedState,
  { name: given, check, session }: NewConstraint,
  signal: AbortSignal | undefined,
): Promise<Alteration> {
  const { location } = context;
  const { schema, metaData } = base;
  const name = given.toLowerCase();
  const refuse = (why: string): never => {
    throw new PinlakeError("USAGE", { message: `${location} cannot get the constraint ${given}: ${why}.` });
  };
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) refuse("a name is letters, digits and _");
  const known = constraintNamed(metaData, name);
  if (known !== undefined) refuse(`it has one of that name, ${metaData.configuration[known]}`);
  const constraint = { name, expression: check };
  const view = `constrained_${randomUUID()}`;
  await withScratch(session, { views: [view] }, async () => {
    await defineFiles(context, session, view, { adds: [...base.files.values()], schema, signal });
    const rows = { session, sql: `SELECT * FROM ${session.quote(view)}` };
    await checkRows(location, rows, { schema, metaData }, { constraint, signal });
  });
  return {
    operation: "ADD CONSTRAINT",
    operationParameters: { name, expr: check },
    // Whoever wrote meanwhile did not know of it.
    reads: { kind: "table" },
    metaData: { ...metaData, configuration: { ...metaData.configuration, [`${CHECK}${name}`]: check } },
  };
}

/** The property that is the constraint of that name, whatever the case. */
const constraintNamed = ({ configuration }: MetaData, name: string): string | undefined =>
  Object.keys(configuration).find((property) => property.toLowerCase() === `${CHECK}${name}`);

function without(metaData: MetaData, names: readonly string[]): MetaData {
  const kept = Object.entries(metaData.configuration).filter(([name]) => !names.includes(name));
  return { ...metaData, configuration: Object.fromEntries(kept) };
}

const columnParameter = ({ in: path = [], name, type, description }: AddedColumn) => ({
  column: {
    name: [...path, name].join("."),
    type,
    nullable: true,
    metadata: description === undefined ? {} : { comment: description },
  },
});
