import { describe, expect, it } from "vitest";
import { takenByAll } from "../../../src/stream/log-progress.ts";

const feed = (claims: boolean, ...remembered: bigint[]) => ({
  claims: () => claims,
  progress: () =>
    remembered.map((next) => ({ topic: "__stream.s", partition: 0, decided: 99n, remembered: next, end: 99n })),
});

describe("the log may let go", () => {
  it.each([
    ["of what the slowest table has taken", [feed(true, 7n), feed(true, 5n), feed(false)], [5n]],
    ["of nothing while the progress of one of its tables is not known", [feed(true, 7n), feed(true)], []],
    ["of nothing that no table takes", [feed(false)], []],
  ])("%s", (_, feeds, expected) => {
    expect(takenByAll(feeds).map(({ next }) => next)).toEqual(expected);
  });
});
