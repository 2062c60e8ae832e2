import { describe, expect, it } from "vitest";
import { claimOn, isRouted, partitionKeyFilter } from "../../../src/stream/routing.ts";

const dataset = (name: string, streams: string[], partitionKeys: string[]) => ({
  name,
  inputs: { topics: [], streams, partitionKeys },
});
const red = dataset("red", ["in-*-red"], ["*-red"]);
const blue = dataset("blue", ["in-*-blue"], ["*-blue", "azure"]);
const both = [red, blue];
const bytes = (text: string) => new TextEncoder().encode(text);

describe("a stream", () => {
  it("belongs whole to the dataset whose pattern claims it", () => {
    expect(claimOn(red, "in-a-red", both)).toBe("whole");
  });
  it("is not shared when any dataset claims it", () => {
    expect(claimOn(blue, "in-a-red", both)).toBe("none");
  });
  it("is shared by partition key when no dataset claims it", () => {
    expect(both.map((one) => claimOn(one, "everything", both))).toEqual(["by-key", "by-key"]);
  });
  it("is unrouted when no dataset names it or partition keys", () => {
    expect(isRouted("everything", [dataset("red", ["in-*-red"], [])])).toBe(false);
  });
});

describe("a record of a shared stream", () => {
  it.each([
    ["x-red", true],
    ["red", false],
    ["x-red-2", false],
    ["x-blue", false],
  ])("with the partition key %s is red's: %s", (key, expected) => {
    const takes = partitionKeyFilter([red]);
    expect([takes(bytes(key)), takes(bytes(key))]).toEqual([expected, expected]);
  });
  it("without a partition key is nobody's", () => {
    expect(partitionKeyFilter(both)(null)).toBe(false);
  });
});
