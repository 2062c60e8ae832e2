import { expect, it } from "vitest";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

interface Run {
  readonly id: number;
  readonly workflow: string;
  readonly task: string | null;
  readonly state: string;
  readonly seconds: number | null;
}

it("what was run is listed afterwards, with what each task said", async () => {
  await using folder = await tempFolder();
  const at = ["--data", folder.path];
  expect(await pinlakeJson<Run[]>(["runs", "ls", ...at])).toEqual([]);
  await pinlakeJson(["demo", "--posts", "20", "--exit", ...at]);
  await pinlakeJson(["run", "pin", ...at]);
  const runs = await pinlakeJson<Run[]>(["runs", "ls", ...at]);
  expect(runs).toMatchObject([
    { id: 2, workflow: "daily", task: "pin", state: "succeeded", seconds: expect.any(Number) },
    { id: 1, workflow: "daily", task: null, state: "succeeded" },
  ]);
  const first = await pinlakeJson<{ tasks: { task: string; result?: { events?: number } }[] }>([
    "runs",
    "show",
    "1",
    ...at,
  ]);
  expect(first.tasks.find(({ task }) => task === "pin")?.result).toMatchObject({ events: 20 });
  const shown = await pinlake(["runs", "show", "2", ...at]);
  expect(shown.out).toMatch(/^run 2: pin of daily, succeeded, begun \S+Z\n {2}pin {2}succeeded .*nothing new\n/);
  expect(await pinlake(["runs", "show", "3", ...at])).toMatchObject({ code: 64, err: expect.stringContaining("2, 1") });
});
