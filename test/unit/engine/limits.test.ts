import { expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { smaller } from "../../../src/engine/duckdb/limits.ts";

it.each([
  ["150MB", "200MB", "150MB"],
  ["1GB", "200MB", "200MB"],
  ["1GiB", "1050MB", "1050MB"],
  ["1GiB", "1.1 GB", "1GiB"],
  [undefined, "2GB", "2GB"],
  ["2GB", undefined, "2GB"],
  [undefined, undefined, undefined],
])("of %s and %s %s is the smaller", (a, b, least) => {
  expect(smaller(a, b)).toBe(least);
});

it("gives a session no more memory than the engine has, whatever it asks for", async () => {
  await using engine = createDuckDbEngine({ memory: "150MB" });
  await using more = await engine.session({ memory: "1GB" });
  await using less = await engine.session({ memory: "100MB" });
  const limits = [more, less].map((one) => one.rows("SELECT current_setting('memory_limit') AS m"));
  expect((await Promise.all(limits)).flat()).toEqual([{ m: "143.0 MiB" }, { m: "95.3 MiB" }]);
});
