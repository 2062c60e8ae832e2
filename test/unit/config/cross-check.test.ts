import { describe, expect, it } from "vitest";
import { crossCheck } from "../../../src/config/cross-check.ts";
import { defineAnswer } from "../../../src/define/answer.ts";
import { type Dataset, defineDataset } from "../../../src/define/dataset.ts";
import { defineWorkflow, type WorkflowInput } from "../../../src/define/workflow.ts";

const at = <T extends { readonly name: string }>(value: T, path = `${value.name}.ts`) => ({ path, value });

const dataset = (name: string, topics?: string[]): Dataset => ({
  ...defineDataset({
    name,
    record: { fields: { id: {} }, key: "id" },
    key: "id",
    columns: [{ name: "id", type: "BIGINT" }],
    ...(topics === undefined ? {} : { inputs: { topics } }),
  }),
  select: "SELECT parse_bigint(id) AS id FROM raw",
  hash: name,
});
const answer = (name: string, from: string[]) =>
  defineAnswer({ name, title: name, from, columns: [{ name: "n", type: "BIGINT" }], sql: "SELECT 1 AS n" });
const workflow = (tasks: WorkflowInput["tasks"]) => defineWorkflow({ name: "daily", tasks });

const checked = (definitions: Partial<Parameters<typeof crossCheck>[1]>) =>
  crossCheck("/project", { datasets: [at(dataset("apple"))], answers: [], workflows: [], ...definitions });

describe("a project's definitions together", () => {
  it("put answers behind those they read, whatever their files are called", () => {
    const answers = [at(answer("a", ["b", "apple"])), at(answer("b", ["c"])), at(answer("c", ["apple"]))];
    expect(checked({ answers }).answers.map(({ name }) => name)).toEqual(["c", "b", "a"]);
  });

  it.each([
    ["no dataset at all", { datasets: [] }, /there is none/],
    [
      "one name twice",
      { datasets: [at(dataset("apple")), at(dataset("apple"), "other.ts")] },
      /^other\.ts: .*apple\.ts already/,
    ],
    [
      "an answer called as a dataset",
      { answers: [at(answer("apple", ["apple"]), "apple.sql")] },
      /^apple\.sql: .*already/,
    ],
    ["a name of ours", { datasets: [at(dataset("quarantine"))] }, /taken by Pinlake/],
    [
      "two datasets on one topic",
      { datasets: [at(dataset("apple", ["fruit"])), at(dataset("pear", ["fruit"]))] },
      /pear\.ts: inputs\.topics: "fruit" is claimed by "apple"/,
    ],
    ["an answer that reads what is not there", { answers: [at(answer("a", ["pear"]))] }, /"pear"; known: apple, a/],
    ["answers in a circle", { answers: [at(answer("a", ["b"])), at(answer("b", ["a"]))] }, /in a circle/],
    [
      "a task for a dataset that is not there",
      { workflows: [at(workflow({ t: { kind: "dataset", dataset: "pear" } }))] },
      /tasks\.t\.dataset: there is no dataset "pear"; known: apple/,
    ],
    [
      "a task for an answer that is not there",
      { workflows: [at(workflow({ t: { kind: "answers", answers: ["a"] } }))] },
      /tasks\.t\.answers: there is no answer "a"; known: none/,
    ],
  ])("are refused with %s", (_, definitions, message) => {
    expect(() => checked(definitions as Parameters<typeof checked>[0])).toThrow(message as RegExp);
  });
});
