import { describe, expect, it } from "vitest";
import { inOrder } from "../../../src/batch/answers.ts";
import { parameterRow } from "../../../src/batch/parameters.ts";
import { type AnswerInput, defineAnswer } from "../../../src/define/answer.ts";

const answer = (more: Partial<AnswerInput> = {}) =>
  defineAnswer({
    name: "one",
    title: "One",
    from: ["pin"],
    columns: [{ name: "n", type: "BIGINT" }],
    sql: "SELECT 1",
    ...more,
  });

const asked = answer({
  parameters: {
    top: { type: "integer", default: "all", orAll: true, min: 1 },
    year: { type: "integer", default: 2018 },
    ties: { type: "choice", choices: ["all", "first"], default: "all" },
    word: { type: "text", default: "x" },
  },
});

describe("an answer's parameters", () => {
  it("are one row of typed columns, the defaults where nothing is given", () => {
    expect(parameterRow(asked)).toEqual({
      columns: [
        { name: "top", type: "long" },
        { name: "year", type: "long" },
        { name: "ties", type: "string" },
        { name: "word", type: "string" },
      ],
      row: [null, 2018n, "all", "x"],
    });
    expect(parameterRow(asked, { top: "3", year: "-1", ties: "first", word: "it's" })?.row).toEqual([
      3n,
      -1n,
      "first",
      "it's",
    ]);
  });

  it("are no relation at all when there are none", () => {
    expect(parameterRow(answer())).toBeUndefined();
  });

  it.each([
    [{ nope: "1" }, /no parameter of one "nope".*top, year, ties, word/],
    [{ top: "0" }, /top=0: must be an integer from 1 on or all[.]/],
    [{ top: "-1" }, /top=-1: must be an integer from 1 on or all[.]/],
    [{ year: "all" }, /year=all: must be an integer[.]/],
    [{ top: "1.5" }, /top=1.5: must be an integer from 1 on or all/],
    [{ year: "" }, /must be an integer/],
    [{ ties: "some" }, /must be one of all, first/],
    [{ toString: "1" }, /no parameter of one "toString"/],
  ])("refuse %j, saying what is allowed", (given, message) => {
    expect(() => parameterRow(asked, given as unknown as Record<string, string>)).toThrow(message);
  });
});

describe("answers that read answers", () => {
  const all = [answer({ name: "c", from: ["b", "pin"] }), answer({ name: "a" }), answer({ name: "b", from: ["a"] })];
  const names = (wanted: readonly string[]) => inOrder(all, wanted).map(({ name }) => name);

  it("come behind what they read, which comes along", () => {
    expect(names(["c"])).toEqual(["a", "b", "c"]);
    expect(names(["a", "c"])).toEqual(["a", "b", "c"]);
    expect(names(["a"])).toEqual(["a"]);
  });

  it("cannot wait for each other in a circle", () => {
    const circle = [answer({ name: "a", from: ["b"] }), answer({ name: "b", from: ["a"] })];
    expect(() => inOrder(circle, ["a"])).toThrow(/a reads b reads a/);
  });

  it("are named when one is not known", () => {
    expect(() => names(["nope"])).toThrow(/no answer "nope".*c, a, b/);
  });
});
