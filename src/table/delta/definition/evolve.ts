import type { RowFiles, Rows } from "../../table.ts";
import type { TableContext } from "../context.ts";
import type { MetaData } from "../log/actions.ts";
import type { LoadedState } from "../log/state.ts";
import { defined } from "./definition.ts";
import { evolvedSchema } from "./schema-changes.ts";

/** The metadata with the columns that these rows bring; undefined when the table has them all. Throws SCHEMA_MISMATCH. */
export async function evolvedMetaData(
  { location }: Pick<TableContext, "location">,
  base: LoadedState,
  rows: Rows | RowFiles,
): Promise<MetaData | undefined> {
  const { schemaString } = base.metaData;
  const columns = "files" in rows ? (rows.files[0]?.columns ?? []) : await rows.session.describe(rows.sql);
  const evolved = JSON.stringify(evolvedSchema(location, JSON.parse(schemaString), columns));
  if (evolved === JSON.stringify(JSON.parse(schemaString))) return undefined;
  return defined(location, { ...base.metaData, schemaString: evolved }, base).metaData;
}
