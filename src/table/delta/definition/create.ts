import { randomUUID } from "node:crypto";
import { PinlakeError } from "../../../errors.ts";
import type { CreateOptions } from "../../table.ts";
import type { TableContext } from "../context.ts";
import type { CommitActions } from "../log/actions.ts";
import { putCommit } from "../log/commit.ts";
import { timed } from "../log/commit-times.ts";
import { type LoadedState, parseSchema } from "../log/state.ts";
import { checkConstraints } from "./constraints.ts";
import { defined } from "./definition.ts";
import { checkProperties } from "./properties.ts";

/** Version 0. Of several that create the same table one wins, the others get TABLE_EXISTS. Throws TABLE_UNSUPPORTED, USAGE. */
export async function create(context: TableContext, options: CreateOptions): Promise<LoadedState> {
  const { location, current, clock, engineInfo } = context;
  const { schema, description, configuration = {}, partitionColumns = [] } = options;
  checkProperties(configuration);
  const nowMs = clock.now();
  const { protocol, metaData } = defined(location, {
    id: randomUUID(),
    ...(description === undefined ? {} : { description }),
    format: { provider: "parquet", options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns,
    configuration,
    createdTime: nowMs,
  });
  checkConstraints(location, { schema: parseSchema(metaData), metaData });
  if ((await current.refresh()) !== undefined) throw new PinlakeError("TABLE_EXISTS", { table: location });
  const txnId = randomUUID();
  const actions: CommitActions = {
    protocol,
    metaData,
    adds: [],
    removes: [],
    txns: [],
    domains: [],
    commitInfo: {
      timestamp: nowMs,
      operation: "CREATE TABLE",
      operationParameters: {
        isManaged: "false",
        description: description ?? null,
        partitionBy: JSON.stringify(partitionColumns),
        properties: JSON.stringify(metaData.configuration),
      },
      operationMetrics: {},
      isolationLevel: "Serializable",
      isBlindAppend: true,
      engineInfo,
      txnId,
    },
  };
  const outcome = await putCommit(context, 0, timed(actions, undefined, nowMs), txnId);
  if (outcome.kind === "failed") throw outcome.error;
  if (outcome.kind === "lost") throw new PinlakeError("TABLE_EXISTS", { table: location });
  const state = await current.refresh();
  if (state === undefined) throw new PinlakeError("TABLE_NOT_FOUND", { table: location });
  return state;
}
