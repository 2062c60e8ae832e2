import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

const errorOf = (err: string) => (JSON.parse(err) as { error: { code: string; message: string } }).error;

describe("the command line", () => {
  it("ends with 64 on what it does not know, in JSON when asked for", async () => {
    const unknown = await pinlake(["frobnicate"]);
    expect(unknown).toMatchObject({ code: 64, out: "" });
    expect(unknown.err).toMatch(/^pinlake: unknown command 'frobnicate'/);
    const option = await pinlake(["demo", "--posts", "many", "--json"]);
    expect(option).toMatchObject({ code: 64, out: "" });
    expect(errorOf(option.err)).toMatchObject({ code: "USAGE", message: expect.stringContaining("whole number") });
  });

  it("ends with 64 and the help when no command is given", async () => {
    const none = await pinlake([]);
    expect(none).toMatchObject({ code: 64, out: "", err: expect.stringMatching(/^Usage: pinlake .*command\n$/s) });
    const json = await pinlake(["tables", "--json"]);
    expect([json.code, errorOf(json.err).message]).toEqual([64, "A command is needed; --help lists them."]);
  });

  it("ends with 0 on help and version, told on stdout", async () => {
    expect(await pinlake(["--help"])).toMatchObject({ code: 0, err: "", out: expect.stringContaining("demo") });
    expect(await pinlake(["--version"])).toMatchObject({ code: 0, err: "" });
  });

  it("ends with 65 when there is no such table, and 64 for a name that nobody knows", async () => {
    await using folder = await tempFolder();
    const at = ["--data", folder.path, "--json"];
    const table = await pinlake(["tables", "read", "batch.pin", ...at]);
    expect([table.code, errorOf(table.err).code]).toEqual([65, "TABLE_NOT_FOUND"]);
    const workflow = await pinlake(["run", "weekly", ...at]);
    expect([workflow.code, errorOf(workflow.err).code]).toEqual([64, "UNKNOWN_NAME"]);
    const answer = await pinlake(["answers", "of_all", ...at]);
    expect([answer.code, errorOf(answer.err).code]).toEqual([64, "UNKNOWN_NAME"]);
  });

  it("ends with 69 when nobody takes the posts", async () => {
    await using folder = await tempFolder();
    const at = ["--data", folder.path];
    expect((await pinlake(["source", "create", "--rows", "20", ...at])).code).toBe(0);
    const { code } = await pinlake([
      "emulate",
      "--random",
      "all",
      "--posts",
      "1",
      "--delay",
      "none",
      "--url",
      "http://127.0.0.1:9",
      ...at,
    ]);
    expect(code).toBe(69);
  });

  it.each([
    ["an unknown key", "export default { gatway: {} };", "gatway"],
    ["a value of the wrong type", 'export default { gateway: { port: "high" } };', "gateway.port"],
    ["a host that others can reach", 'export default { gateway: { host: "0.0.0.0" } };', "gateway.host"],
    ["text that is no program", "export default {", "pinlake.config.ts"],
  ])("ends with 78 on a configuration with %s, naming file and key", async (_, text, named) => {
    await using folder = await tempFolder();
    await writeProject(folder.path, { "pinlake.config.ts": text });
    const { code, err } = await pinlake(["config", "check", "--project", folder.path, "--json"]);
    expect(code).toBe(78);
    expect(errorOf(err).message).toContain(named);
    expect(errorOf(err).message).toContain(join(folder.path, "pinlake.config.ts"));
  });

  it.each([
    ["PINLAKE__LOG__SEGMENTS", "1"],
    ["PINLAKE__LOG__SEGMENT_BYTES", "many"],
    ["PINLAKE_GATEWAY_PORT", "70000"],
    ["PINLAKE__GATEWAY", "{}"],
  ])("ends with 78 on %s=%s, naming the variable", async (variable, value) => {
    const { code, err } = await pinlake(["config"], { environment: { [variable]: value } });
    expect(code).toBe(78);
    expect(err).toContain(variable);
  });

  it("ends with 78 on a definition with a mistake, naming file, key and what is allowed", async () => {
    await using folder = await tempFolder();
    await writeProject(folder.path, {
      "datasets/thing.ts":
        'export default { name: "thing", record: { fields: { id: {} }, key: "id" }, key: "id", columns: [{ name: "id", type: "LONG" }] };',
      "datasets/thing.sql": "SELECT parse_bigint(id) AS id FROM raw",
    });
    const { code, err } = await pinlake(["config", "check", "--project", folder.path, "--json"]);
    expect(code).toBe(78);
    expect(errorOf(err).message).toMatch(/thing\.ts: columns\.0\.type: must be STRING, BIGINT/);
  });

  it.each([
    ["a dataset's SQL", "thing", "SELECT parse_bigint(nothing) AS id FROM raw", "BIGINT", /thing\.sql: .*nothing/],
    [
      "an answer's types",
      "thing",
      "SELECT parse_bigint(id) AS id FROM raw",
      "INT",
      /ids\.sql: columns: .*declared are/,
    ],
    ["a dataset's name", "order", "SELECT parse_bigint(id) AS id FROM raw", "BIGINT", /"order" is a word of SQL/],
  ])("ends with 78 on %s that the engine cannot take, before a record comes", async (_, name, sql, type, said) => {
    await using folder = await tempFolder();
    await writeProject(folder.path, {
      [`datasets/${name}.ts`]: `export default { name: "${name}", record: { fields: { id: {} }, key: "id" }, key: "id", columns: [{ name: "id", type: "BIGINT" }] };`,
      [`datasets/${name}.sql`]: sql,
      "answers/ids.sql": `-- title: Ids\n-- from: ${name}\n-- columns: id ${type}\nSELECT id FROM ${name} ORDER BY id`,
    });
    const { code, err } = await pinlake(["config", "check", "--project", folder.path, "--json"]);
    expect(code).toBe(78);
    expect(errorOf(err).message).toMatch(said);
  });

  it("ends with 78 on SQL that a dataset may not use, naming the file", async () => {
    await using folder = await tempFolder();
    await writeProject(folder.path, {
      "datasets/thing.ts":
        'export default { name: "thing", record: { fields: { id: {} }, key: "id" }, key: "id", columns: [{ name: "id", type: "BIGINT" }] };',
      "datasets/thing.sql": "SELECT DISTINCT parse_bigint(id) AS id FROM raw LIMIT 5",
    });
    const { code, err } = await pinlake(["config", "check", "--project", folder.path, "--json"]);
    expect(code).toBe(78);
    expect(errorOf(err).message).toContain("thing.sql");
  });

  it("ends with 78 when `up` starts on SQL that the engine cannot read, before it listens", async () => {
    await using folder = await tempFolder();
    await writeProject(folder.path, {
      "datasets/thing.ts":
        'export default { name: "thing", record: { fields: { id: {} }, key: "id" }, key: "id", columns: [{ name: "id", type: "BIGINT" }] };',
      "datasets/thing.sql": "SELECT parse_bigint(idd) AS id FROM raw",
    });
    const { code, out, err } = await pinlake([
      "up",
      "--project",
      folder.path,
      "--data",
      join(folder.path, "data"),
      "--json",
    ]);
    expect([code, out]).toEqual([78, ""]);
    expect(errorOf(err).message).toContain("thing.sql");
  });
});

async function writeProject(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}
