import type { Command } from "commander";
import { expect, it } from "vitest";
import type { Effects } from "../../../src/cli/effects.ts";
import { runCli } from "../../../src/cli/main.ts";
import { makeProgram } from "../../../src/cli/program.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function effects(cwd: string): Effects & { readonly said: { out: string; err: string } } {
  const said = { out: "", err: "" };
  return {
    said,
    cwd,
    environment: {},
    out: (text) => {
      said.out += text;
    },
    outDrained: async () => {},
    err: (text) => {
      said.err += text;
    },
    outIsTerminal: false,
    errIsTerminal: false,
    columns: 80,
    signal: new AbortController().signal,
  };
}

it("says its version where no command stands, and leaves --version to the command that has one", async () => {
  await using folder = await tempFolder();
  for (const argv of [["--version"], ["-V"], ["--json", "-V"]]) {
    const on = effects(folder.path);
    expect(await runCli(argv, on)).toBe(0);
    expect(on.said.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  }
  const on = effects(folder.path);
  expect(await runCli(["tables", "read", "batch.pin", "--version", "1"], on)).toBe(65);
  expect(on.said).toEqual({ out: "", err: expect.stringContaining("no table") });
});

it("has no command with an option that the program takes from it", () => {
  const program = makeProgram(effects("/"), false, ["tables"]);
  const flags = ({ options }: Command) => options.flatMap(({ long, short }) => [long, short]).filter(Boolean);
  const taken = new Set([...flags(program), "--help", "-h"]);
  const below = (command: Command): Command[] => command.commands.flatMap((child) => [child, ...below(child)]);
  const commands = below(program);
  expect(commands.length).toBeGreaterThan(20);
  for (const command of commands)
    expect(
      flags(command).filter((flag) => taken.has(flag)),
      command.name(),
    ).toEqual([]);
});
