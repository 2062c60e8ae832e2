import { randomUUID } from "node:crypto";
import { PinlakeError } from "../../errors.ts";
import type { CreateOptions } from "../table.ts";
import type { CommitActions } from "./actions.ts";
import { putCommit } from "./commit.ts";
import type { TableContext } from "./context.ts";
import { checkSchema, checkWritable, protocolFor } from "./protocol.ts";
import type { LoadedState } from "./state.ts";

/** Version 0. Of several that create the same table one wins, the others get TABLE_EXISTS. */
export async function create(context: TableContext, options: CreateOptions): Promise<LoadedState> {
  const { location, current, clock, engineInfo } = context;
  const { schema, description, configuration = {} } = options;
  checkSchema(location, schema);
  if ((await current.refresh()) !== undefined) throw new PinlakeError("TABLE_EXISTS", { table: location });
  const nowMs = clock.now();
  const txnId = randomUUID();
  const metaData = {
    id: randomUUID(),
    ...(description === undefined ? {} : { description }),
    format: { provider: "parquet", options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns: [],
    configuration,
    createdTime: nowMs,
  };
  const protocol = protocolFor(metaData);
  checkWritable(location, protocol, metaData);
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
        partitionBy: "[]",
        properties: JSON.stringify(configuration),
      },
      operationMetrics: {},
      isolationLevel: "Serializable",
      isBlindAppend: true,
      engineInfo,
      txnId,
    },
  };
  const outcome = await putCommit(context, 0, actions, txnId);
  if (outcome.kind === "failed") throw outcome.error;
  if (outcome.kind === "lost") throw new PinlakeError("TABLE_EXISTS", { table: location });
  const state = await current.refresh();
  if (state === undefined) throw new PinlakeError("TABLE_NOT_FOUND", { table: location });
  return state;
}
