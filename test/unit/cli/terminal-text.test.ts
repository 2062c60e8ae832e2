import { describe, expect, it } from "vitest";
import { commandContext } from "../../../src/cli/context.ts";
import { terminalText } from "../../../src/cli/terminal-text.ts";

const NASTY = "a\u001b[2Jb\u0007\r\u009b31m\u202egnp.\u2028\u007f";

describe("what a record holds, on a terminal", () => {
  it("is shown and not obeyed; lines, tabs and everything readable stay", () => {
    expect(terminalText(NASTY)).toBe("a\\u001b[2Jb\\u0007\\u000d\\u009b31m\\u202egnp.\\u2028\\u007f");
    expect(terminalText("é 😀 \u200d \t\n")).toBe("é 😀 \u200d \t\n");
  });

  it("is the same JSON", () => {
    expect(JSON.parse(terminalText(JSON.stringify({ [NASTY]: NASTY })))).toEqual({ [NASTY]: NASTY });
  });
});

describe.each(["json", "csv", "table"] as const)("rows as %s", (format) => {
  const rows = { columns: ["a"], rows: [[NASTY]] };
  const printed = (outIsTerminal: boolean) => {
    let text = "";
    const effects = {
      ...{ cwd: "/", environment: {}, columns: 80, signal: new AbortController().signal },
      ...{ outIsTerminal, errIsTerminal: false, err: () => {} },
      outDrained: async () => {},
      out: (more: string) => {
        text += more;
      },
    };
    commandContext(effects, { format, logLevel: "warn" }).printRows(rows);
    return text;
  };

  it("cannot steer a terminal", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
    expect(printed(true)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
  });

  it("reach a pipe as they are", () => {
    if (format === "json") expect(JSON.parse(printed(false))).toEqual([{ a: NASTY }]);
    if (format === "csv") expect(printed(false)).toContain(NASTY);
  });
});
