import type { Commit, CommitOptions } from "../table.ts";
import type { AddedColumn, TableChange } from "../table-change.ts";
import type { MetaData } from "./actions.ts";
import { type Change, checkTxns, commit } from "./commit.ts";
import type { TableContext } from "./context.ts";
import { checkSettable, checkUnsettable } from "./properties.ts";
import { checkWritable } from "./protocol.ts";
import { commitResult, NO_COUNTS, withConfiguration } from "./result.ts";
import { withColumns } from "./schema-changes.ts";
import type { LoadedState } from "./state.ts";

/** Changes what a table is in a commit without rows; appends of others may come before it, other definitions not. */
export async function alter(context: TableContext, change: TableChange, options: CommitOptions): Promise<Commit> {
  const { location } = context;
  const base = await context.stateOf(options.basedOn);
  checkWritable(location, base.protocol, base.metaData);
  checkTxns(context, base, options.txns ?? []);
  const { metaData, ...altered } = alteration(location, base, change);
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
function alteration(table: string, { metaData }: LoadedState, change: TableChange): Alteration {
  if ("addColumns" in change) {
    const after = withColumns(table, JSON.parse(metaData.schemaString), change.addColumns);
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
  checkUnsettable(change.unsetProperties);
  const kept = Object.entries(metaData.configuration).filter(([name]) => !change.unsetProperties.includes(name));
  return {
    operation: "UNSET TBLPROPERTIES",
    operationParameters: { properties: JSON.stringify(change.unsetProperties), ifExists: true },
    reads: NOTHING,
    metaData: { ...metaData, configuration: Object.fromEntries(kept) },
  };
}

const columnParameter = ({ in: path = [], name, type, description }: AddedColumn) => ({
  column: {
    name: [...path, name].join("."),
    type,
    nullable: true,
    metadata: description === undefined ? {} : { comment: description },
  },
});
