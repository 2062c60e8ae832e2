import { describe, expect, it } from "vitest";
import { JOIN_FILES, joinTarget } from "../../../src/stream/upkeep.ts";

const files = (count: number, bytes: number) => new Array<number>(count).fill(bytes);

describe("small files", () => {
  it("are left alone while they are few", () => {
    expect(joinTarget(files(2 * JOIN_FILES - 1, 1000))).toBeUndefined();
  });
  it("are joined when they are many", () => {
    expect(joinTarget(files(2 * JOIN_FILES, 1000))).toBeGreaterThan(1000 * JOIN_FILES);
  });
  it("are never joined into larger ones than the largest step, however many there are", () => {
    expect(joinTarget(files(1000, 16 * 1024 * 1024))).toBeUndefined();
  });
  it("cost each row a number of writes that grows with the logarithm of the table only", () => {
    const batch = 100_000;
    let [written, sizes] = [0, [] as number[]];
    const commits = 4096;
    for (let i = 0; i < commits; i++) {
      sizes.push(batch);
      const target = joinTarget(sizes);
      if (target === undefined) continue;
      const joined = sizes.filter((bytes) => bytes * 2 <= target);
      const kept = sizes.filter((bytes) => bytes * 2 > target);
      for (let sum = 0, at = 0; at < joined.length; at++) {
        sum += joined[at] as number;
        if (sum < target && at < joined.length - 1) continue;
        kept.push(sum);
        written += sum;
        sum = 0;
      }
      sizes = kept;
    }
    expect(written / (commits * batch)).toBeLessThan(4);
    expect(sizes.length).toBeLessThan(150);
  });
});
