import { afterAll, beforeAll } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import type { Table } from "../../src/table/table.ts";
import { contents, EVENTS, events } from "./table-rows.ts";

/** Where tables can be opened: each opening is a reader and writer of its own on the same storage. */
export interface TableHarness extends AsyncDisposable {
  open(name: string): Table;
}

/** An engine, a session and storage for the tests of one suite. */
export function tableSetting(
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
) {
  let tables = 0;
  let setting: { engine: QueryEngine; session: QuerySession; harness: TableHarness };
  beforeAll(async () => {
    const engine = await createEngine();
    setting = { engine, session: await engine.session(), harness: await create(engine) };
  });
  afterAll(async () => {
    await setting.harness[Symbol.asyncDispose]();
    await setting.engine[Symbol.asyncDispose]();
  });
  return {
    opened: () => setting,
    /** A new table, and a second opening of it. */
    async newTable(
      configuration: Readonly<Record<string, string>> = { "delta.isolationLevel": "Serializable" },
    ): Promise<{ table: Table; other: Table; reopen: () => Table }> {
      const at = `tables/t${tables++}`;
      const reopen = () => setting.harness.open(at);
      const [table, other] = [reopen(), reopen()];
      await table.create({ schema: EVENTS, configuration });
      return { table, other, reopen };
    },
    rowsOf: async (table: Table, at?: Parameters<Table["snapshot"]>[0]): Promise<string[]> =>
      contents(setting.session, await table.snapshot(at)),
    abc: () =>
      events(setting.session, [
        { id: "a", seq: 1 },
        { id: "b", seq: 2 },
        { id: "c", seq: 3 },
      ]),
  };
}
