import { describe, expect, it } from "vitest";
import { defineWorkflow } from "../../../src/define/workflow.ts";
import { PinlakeError } from "../../../src/errors.ts";
import { type RunWorkflowOptions, runWorkflow } from "../../../src/schedule/run-workflow.ts";

const workflow = defineWorkflow({
  name: "daily",
  tasks: {
    answers: { kind: "answers", after: ["left", "right"] },
    left: { kind: "dataset", dataset: "left", after: ["flush"] },
    right: { kind: "dataset", dataset: "right", after: ["flush"] },
    flush: { kind: "flush" },
  },
});

const run = (options: Partial<RunWorkflowOptions>) =>
  runWorkflow({
    workflow,
    signal: new AbortController().signal,
    monotonic: () => 0,
    runTask: async () => ({}),
    ...options,
  });

describe("running a workflow", () => {
  it("runs each task behind those it waits for, and reports what each said", async () => {
    const order: string[] = [];
    const report = await run({
      runTask: async (_, name) => {
        order.push(name);
        return { rows: order.length };
      },
    });
    expect(order).toEqual(["flush", "left", "right", "answers"]);
    expect(report).toMatchObject({ workflow: "daily", ok: true });
    expect(report.tasks.map(({ task, state, result }) => [task, state, result])).toEqual([
      ["flush", "succeeded", { rows: 1 }],
      ["left", "succeeded", { rows: 2 }],
      ["right", "succeeded", { rows: 3 }],
      ["answers", "succeeded", { rows: 4 }],
    ]);
  });

  it("skips what waits for a failed task, and runs everything else", async () => {
    const report = await run({
      runTask: async (_, name) => {
        if (name === "left")
          throw new PinlakeError("LOG_BEHIND", { what: "x", topic: "t", partition: 0, offset: 2n ** 60n, end: 0n });
        return {};
      },
    });
    expect(report.ok).toBe(false);
    expect(report.tasks.map(({ task, state }) => [task, state])).toEqual([
      ["flush", "succeeded"],
      ["left", "failed"],
      ["right", "succeeded"],
      ["answers", "skipped"],
    ]);
    expect(report.tasks[1]?.error).toMatchObject({ code: "LOG_BEHIND", details: { offset: "1152921504606846976" } });
    expect(() => JSON.stringify(report)).not.toThrow();
  });

  it("runs one task alone, whatever it waits for", async () => {
    const { tasks } = await run({ only: "answers" });
    expect(tasks.map(({ task, state }) => [task, state])).toEqual([["answers", "succeeded"]]);
  });

  it("ends with the signal's reason, between tasks and inside one", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const started: string[] = [];
    await expect(
      run({
        signal: controller.signal,
        runTask: async (_, name) => {
          started.push(name);
          if (name === "left") controller.abort(reason);
          return {};
        },
      }),
    ).rejects.toBe(reason);
    expect(started).toEqual(["flush", "left"]);
  });
});
