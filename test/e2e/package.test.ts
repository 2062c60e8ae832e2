import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const environment = {
  ...process.env,
  // Node 24 stands first, as it does for who has it installed.
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  PINLAKE_GATEWAY_PORT: "0",
  PINLAKE_CONSOLE_PORT: "0",
};

describe("the package", { timeout: 300_000 }, () => {
  let folder: TempFolder;
  let project: string;

  beforeAll(async () => {
    folder = await tempFolder();
    project = join(folder.path, "project");
    await mkdir(project);
    await run("npm", ["pack", "--pack-destination", folder.path], { cwd: root, env: environment });
    const [tarball = ""] = (await readdir(folder.path)).filter((name) => name.endsWith(".tgz"));
    await writeFile(join(project, "package.json"), '{ "private": true }\n');
    const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", join(folder.path, tarball)];
    await run("npm", install, { cwd: project, env: environment });
  }, 300_000);
  afterAll(() => folder?.[Symbol.asyncDispose]());

  it("runs its pipeline where it is installed", async () => {
    const { stdout } = await run("npx", ["pinlake", "demo", "--posts", "500", "--exit", "--json"], {
      cwd: project,
      env: environment,
      maxBuffer: 64 << 20,
    });
    const { posts, agreement } = JSON.parse(stdout) as { posts: object; agreement: { differences: number }[] };
    expect(posts).toEqual({ sent: 500, failed: 0 });
    expect(agreement.map(({ differences }) => differences)).toEqual([0, 0, 0]);
  });

  it("opens Delta tables for who imports them alone", async () => {
    const script = `
      import { openDeltaTable, structType } from "pinlake/delta";
      await using table = await openDeltaTable("a table");
      await table.create({ schema: structType([{ name: "id", type: "long" }]) });
      await using session = await table.session();
      await table.append({ session, sql: "SELECT 7 AS id" });
      for await (const { id } of table.read()) console.log(id);
    `;
    await writeFile(join(project, "table.mjs"), script);
    const { stdout } = await run(process.execPath, ["table.mjs"], { cwd: project, env: environment });
    expect(stdout).toBe("7n\n");
    const declared = join(project, "node_modules/pinlake/dist/src/app/delta.d.ts");
    expect(existsSync(declared)).toBe(true);
  });

  it("ships no tests and no TypeScript but declarations", async () => {
    const installed = await readdir(join(project, "node_modules/pinlake"), { recursive: true });
    expect(installed.length).toBeGreaterThan(100);
    expect(
      installed.filter((name) => /(^|\/)test\/|(?<!\.d)\.ts$/.test(name) && !name.includes("node_modules")),
    ).toEqual([]);
  });

  it("says in one line which Node it needs, to an older one", async (context) => {
    const old = await olderNode();
    if (old === undefined) return context.skip("no Node before 24 is installed here: its refusal was not tried");
    const failed = await run(old, [join(project, "node_modules/pinlake/bin/pinlake.js"), "demo"]).then(
      () => undefined,
      (error: { code: number; stderr: string; stdout: string }) => error,
    );
    expect(failed).toMatchObject({ code: 69, stdout: "" });
    expect(failed?.stderr).toMatch(/^Pinlake needs Node 24 or newer; this is v\d+\.\d+\.\d+\.\n$/);
  });
});

async function olderNode(): Promise<string | undefined> {
  for (const folder of new Set(["/usr/local/bin", "/usr/bin", ...(process.env.PATH ?? "").split(delimiter)])) {
    const node = join(folder, "node");
    if (!existsSync(node)) continue;
    const { stdout } = await run(node, ["-p", "process.versions.node"]).catch(() => ({ stdout: "999" }));
    if (Number(stdout.split(".")[0]) < 24) return node;
  }
  return undefined;
}
