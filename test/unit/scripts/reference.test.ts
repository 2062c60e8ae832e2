import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLinePage, fullUsage, programToDescribe, verbs } from "../../../scripts/reference/command-line.ts";
import { configKeys, configurationPage } from "../../../scripts/reference/configuration.ts";
import { deltaMatrixPage } from "../../../scripts/reference/delta-matrix.ts";
import { applyEnvironment } from "../../../src/config/environment.ts";
import { configSchema } from "../../../src/define/config.ts";

const page = (name: string) => readFileSync(join(import.meta.dirname, "../../../docs/reference", name), "utf8");

describe("the pages that are made from schemas and definitions", () => {
  it("are those that `npm run reference` makes now", () => {
    expect(page("configuration.md"), "stale: run `npm run reference`").toBe(configurationPage());
    expect(page("cli.md"), "stale: run `npm run reference`").toBe(commandLinePage());
    expect(page("delta-matrix.md"), "stale: run `npm run reference`").toBe(deltaMatrixPage());
  });
});

describe("every configuration key", () => {
  it("is there", () => {
    const leaves = Object.entries(configSchema.parse({})).flatMap(([name, value]) =>
      typeof value === "object" ? Object.keys(value).map((key) => `${name}.${key}`) : [name],
    );
    expect(leaves.length).toBeGreaterThan(20);
    expect(configKeys().map(({ path }) => path)).toEqual(expect.arrayContaining(leaves));
  });

  it.each(configKeys())("$path is described, and $variable sets it", ({ path, variable, schema }) => {
    expect(schema.description).toMatch(/^.{15,}[.]$/s);
    const value = schema.default ?? (schema.type === "string" ? "4GB" : 2);
    const set = applyEnvironment({}, { [variable]: String(value) });
    const [section = "", key] = path.split(".");
    expect(set).toEqual({ [section]: key === undefined ? value : { [key]: value } });
  });
});

describe("every command", () => {
  const all = verbs(programToDescribe()).map((command) => ({ usage: fullUsage(command), command }));

  it("is there", () => {
    expect(all.map(({ usage }) => usage)).toEqual(
      expect.arrayContaining(["pinlake up", "pinlake config", "pinlake config check", "pinlake tables read <table>"]),
    );
  });

  it.each(all)("$usage says what it does, and what each argument and option is", ({ command }) => {
    expect(command.description()).not.toBe("");
    for (const { flags, description } of command.options) expect(description, flags).not.toBe("");
    for (const argument of command.registeredArguments) expect(argument.description, argument.name()).not.toBe("");
  });
});
