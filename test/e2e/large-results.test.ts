import { expect, it } from "vitest";
import { pinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ROWS = 500_000;

it.each(["csv", "json"])("a result far larger than the memory for it is printed whole, as %s", async (format) => {
  await using folder = await tempFolder();
  const select = `SELECT i, repeat('x', 60) AS words FROM range(${ROWS}) numbers(i)`;
  const environment = { NODE_OPTIONS: "--max-old-space-size=64" };
  const { code, out } = await pinlake(["sql", select, "--format", format, "--data", folder.path], { environment });
  expect(code).toBe(0);
  expect(out.length).toBeGreaterThan(ROWS * 65);
  if (format === "csv") expect(out.split("\n")).toHaveLength(ROWS + 2);
  expect(out.slice(-80)).toContain(String(ROWS - 1));
});
