import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/error-catalogue.ts";
import { exitCodeOf, isPinlakeError, PinlakeError } from "../../src/errors.ts";
import { sourceFiles } from "../support/imports.ts";

const root = join(import.meta.dirname, "../..");

describe("errors", () => {
  it("are all on the page docs/reference/errors.md with their kind, exit code and advice, and nothing else is", () => {
    const page = readFileSync(join(root, "docs/reference/errors.md"), "utf8");
    const documented = [...page.matchAll(/^\| `([A-Z_]+)` \| (\w+) \| (\d+) \| (\w+) \|/gm)].map(
      ([, ...cells]) => cells,
    );
    const exitCodes = {
      usage: 64,
      badData: 65,
      notFound: 65,
      tooLarge: 65,
      conflict: 69,
      unavailable: 69,
      internal: 70,
      config: 78,
    };
    const expected = Object.entries(catalogue).map(([code, { kind, retry }]) => [
      code,
      kind,
      String(exitCodes[kind]),
      retry,
    ]);
    expect(documented).toEqual(expected);
  });

  it("are each raised somewhere", () => {
    const text = sourceFiles(root, "src")
      .filter((file) => !file.endsWith("error-catalogue.ts"))
      .map((file) => readFileSync(join(root, file), "utf8"))
      .join("\n");
    expect(Object.keys(catalogue).filter((code) => !text.includes(`"${code}"`))).toEqual([]);
  });

  it("say what happened, with which value, and keep their cause", () => {
    const cause = new Error("disk on fire");
    const error = new PinlakeError("TOPIC_NOT_FOUND", { topic: "a.pin" }, { cause });
    expect(error.message).toContain('"a.pin"');
    expect([error.cause, error.kind, error.retry, exitCodeOf(error)]).toEqual([cause, "notFound", "never", 65]);
    expect(isPinlakeError(error, "TOPIC_NOT_FOUND")).toBe(true);
    expect(exitCodeOf(cause)).toBe(70);
  });
});
