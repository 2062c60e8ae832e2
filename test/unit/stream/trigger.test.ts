import { describe, expect, it } from "vitest";
import { commitIn } from "../../../src/stream/trigger.ts";

const limits = { maxRecords: 100, triggerMs: 500 };
const waiting = { records: 1, backlog: false, urgent: false, sinceMs: 1000 };

describe("a micro-batch", () => {
  it.each([
    ["is not committed when nothing waits, even when somebody hurries", { records: 0, urgent: true }, 9000, undefined],
    ["waits for the rest of the trigger", {}, 1000, 500],
    ["waits for what is left of the trigger", {}, 1499, 1],
    ["is committed when the trigger has passed", {}, 1500, 0],
    ["is committed when it is late", {}, 99_000, 0],
    ["is committed when it is full", { records: 100 }, 1000, 0],
    ["is committed at once under backlog", { backlog: true }, 1000, 0],
    ["is committed at once when somebody hurries", { urgent: true }, 1000, 0],
  ])("%s", (_, more, nowMs, expected) => {
    expect(commitIn({ ...waiting, ...more }, limits, nowMs)).toBe(expected);
  });
});
