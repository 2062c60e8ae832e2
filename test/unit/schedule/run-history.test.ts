import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { openRunHistory } from "../../../src/schedule/run-history.ts";
import type { RunReport } from "../../../src/schedule/run-workflow.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const startedAt = "2026-02-28T12:00:00.000Z";
const report: RunReport = {
  workflow: "daily",
  ok: true,
  seconds: 1.5,
  tasks: [
    { task: "pin", kind: "dataset", state: "succeeded", seconds: 1, result: { events: 3 } },
    { task: "geo", kind: "dataset", state: "failed", seconds: 0.5, error: { code: "OBJECT_DAMAGED", message: "…" } },
  ],
};

it("runs are there after their process, newest first, with what each task said", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "state.db");
  {
    using history = openRunHistory(file);
    history.end(history.begin({ workflow: "daily", task: undefined, startedAt }), report);
    history.end(history.begin({ workflow: "daily", task: "pin", startedAt }), { ...report, ok: false });
    history.end(history.begin({ workflow: "weekly", task: undefined, startedAt }), undefined);
  }
  using history = openRunHistory(file, { readOnly: true });
  expect(history.list(10).map(({ id, workflow, task, state }) => [id, workflow, task, state])).toEqual([
    [3, "weekly", undefined, "interrupted"],
    [2, "daily", "pin", "failed"],
    [1, "daily", undefined, "succeeded"],
  ]);
  expect(history.list(1).map(({ id }) => id)).toEqual([3]);
  expect(history.find(1)).toEqual({
    ...{ id: 1, workflow: "daily", task: undefined, state: "succeeded", startedAt, seconds: 1.5 },
    tasks: report.tasks,
  });
  expect(history.find(4)).toBeUndefined();
});

it("a run whose process died was interrupted, as the next one that may write knows; a reader sees it running", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "state.db");
  using first = openRunHistory(file);
  first.begin({ workflow: "daily", task: undefined, startedAt });
  const stateSeen = () => {
    using reader = openRunHistory(file, { readOnly: true });
    return reader.list(1)[0]?.state;
  };
  expect(stateSeen()).toBe("running");
  using _next = openRunHistory(file);
  expect(stateSeen()).toBe("interrupted");
});

it("only the newest ten thousand are kept", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "state.db");
  {
    using _made = openRunHistory(file);
    using database = new DatabaseSync(file);
    database.exec("INSERT INTO runs (id, workflow, state, started_at) VALUES (10000, 'daily', 'succeeded', '')");
    database.exec("INSERT INTO runs (id, workflow, state, started_at) VALUES (1, 'daily', 'succeeded', '')");
  }
  using history = openRunHistory(file);
  expect(history.begin({ workflow: "daily", task: undefined, startedAt })).toBe(10_001);
  expect(history.list(10).map(({ id }) => id)).toEqual([10_001, 10_000]);
});

it("a folder without runs has none, and a file that is no database is named", async () => {
  await using folder = await tempFolder();
  using none = openRunHistory(join(folder.path, "none.db"), { readOnly: true });
  expect(none.list(10)).toEqual([]);
  const wrong = join(folder.path, "wrong.db");
  await writeFile(wrong, "no database at all, but long enough to be looked at as one".repeat(100));
  expect(() => openRunHistory(wrong)).toThrow(expect.objectContaining({ code: "STORAGE_FAILED" }));
});
