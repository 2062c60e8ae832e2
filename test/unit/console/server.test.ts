import { describe, expect, it } from "vitest";
import { remoteOperations } from "../../../src/console/client.ts";
import type { Operations } from "../../../src/console/operations.ts";
import { startConsole } from "../../../src/console/server.ts";
import { PinlakeError } from "../../../src/errors.ts";

const TOKEN = "a-token-that-nobody-knows";

/** Operations that say what they were asked. */
function asked(more: Partial<Operations> = {}): { operations: Operations; calls: unknown[][] } {
  const calls: unknown[][] = [];
  const record =
    (name: string, answer: unknown) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args.filter((arg) => !(arg instanceof AbortSignal))]);
      return answer;
    };
  const operations = {
    status: record("status", { pid: 1 }),
    flush: record("flush", { seconds: 0 }),
    run: record("run", { workflow: "daily", ok: true, seconds: 0, tasks: [] }),
    rebuildStream: record("rebuildStream", {}),
    optimize: record("optimize", { table: "batch.x" }),
    vacuum: record("vacuum", { table: "batch.x", removed: [] }),
    checkpoint: record("checkpoint", { table: "batch.x", version: 1 }),
    list: record("list", []),
    create: record("create", { name: "x" }),
    remove: record("remove", undefined),
    read: record("read", { records: [], next: "5" }),
    ...more,
  } as unknown as Operations;
  return { operations, calls };
}

async function running(operations: Operations) {
  const server = await startConsole({ host: "127.0.0.1", port: 0, token: TOKEN, operations });
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}

describe("the console", () => {
  it("carries every operation over to the process that holds the folder", async () => {
    const { operations, calls } = asked();
    await using server = await running(operations);
    await using remote = remoteOperations(server.url, TOKEN);
    await remote.status();
    await remote.flush();
    await remote.run({ name: "daily", full: true, memory: "1GB" });
    await remote.rebuildStream("apple");
    await remote.optimize("batch.x", { zOrderBy: ["a", "b"], targetBytes: 1000 });
    await remote.vacuum("batch.x", { retainHours: 0.5, force: true, mode: "lite" });
    await remote.checkpoint("batch.x");
    await remote.list("streams");
    await remote.create("topics", "odd.name-1", 3);
    await remote.remove("streams", "s");
    const request = { partition: 1, from: "9007199254740993", maxRecords: 10, waitMs: 0 };
    expect(await remote.read("topics", "t", request)).toEqual({ records: [], next: "5" });
    expect(calls).toEqual([
      ["status"],
      ["flush"],
      ["run", { name: "daily", full: true, memory: "1GB" }],
      ["rebuildStream", "apple"],
      ["optimize", "batch.x", { zOrderBy: ["a", "b"], targetBytes: 1000 }],
      ["vacuum", "batch.x", { retainHours: 0.5, force: true, mode: "lite" }],
      ["checkpoint", "batch.x"],
      ["list", "streams"],
      ["create", "topics", "odd.name-1", 3],
      ["remove", "streams", "s"],
      ["read", "topics", "t", request],
    ]);
  });

  it("takes names as long as topics may have", async () => {
    const { operations, calls } = asked();
    await using server = await running(operations);
    await using remote = remoteOperations(server.url, TOKEN);
    const name = "n".repeat(249);
    await remote.remove("topics", name);
    await remote.read("streams", name, { partition: 0, from: "0", maxRecords: 1, waitMs: 0 });
    expect(calls.map(([, , asked]) => asked)).toEqual([name, name]);
  });

  it("throws there what was thrown here", async () => {
    const thrown = new PinlakeError("OFFSET_OUT_OF_RANGE", {
      topic: "t",
      partition: 0,
      offset: 9n,
      start: 0n,
      end: 3n,
    });
    const { operations } = asked({ read: () => Promise.reject(thrown) });
    await using server = await running(operations);
    await using remote = remoteOperations(server.url, TOKEN);
    const error = await remote
      .read("topics", "t", { partition: 0, from: "9", maxRecords: 1, waitMs: 0 })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "OFFSET_OUT_OF_RANGE", message: thrown.message });
  });

  it("answers nobody without the token, and no name but this machine's", async () => {
    const { operations, calls } = asked();
    await using server = await running(operations);
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${server.url}/api/status`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: "Bearer wrong" })).toBe(401);
    expect(await status({ authorization: `Bearer ${TOKEN}` })).toBe(200);
    const { request } = await import("undici");
    const elsewhere = await request(`${server.url}/api/status`, {
      headers: { authorization: `Bearer ${TOKEN}`, host: "evil.example:80" },
    });
    expect(elsewhere.statusCode).toBe(421);
    expect(calls).toEqual([["status"]]);
  });

  it("refuses what it does not know, naming it", async () => {
    await using server = await running(asked().operations);
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const post = async (path: string, body: string) => {
      const reply = await fetch(`${server.url}/api/${path}`, { method: "POST", headers, body });
      return [reply.status, ((await reply.json()) as { error: { message: string } }).error.message];
    };
    expect(await post("runs", '{"name":"daily","ful":true}')).toEqual([400, expect.stringContaining('"ful"')]);
    expect(await post("runs", "{")).toEqual([400, expect.any(String)]);
    expect(await post("tables", "{}")).toEqual([400, expect.any(String)]);
    expect(await post("no/such/thing", "{}")).toEqual([404, expect.any(String)]);
  });

  it("ends an operation whose caller went away", async () => {
    const gone = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { operations } = asked({
      run: (_, signal) => {
        signal?.addEventListener("abort", () => gone.resolve());
        begun.resolve();
        return new Promise(() => {});
      },
    });
    await using server = await running(operations);
    await using remote = remoteOperations(server.url, TOKEN);
    const controller = new AbortController();
    const call = remote.run({ name: "daily" }, controller.signal).catch(() => undefined);
    await begun.promise;
    controller.abort();
    await call;
    await gone.promise;
  });
});
