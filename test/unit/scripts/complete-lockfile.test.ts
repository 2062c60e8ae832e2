import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
// @ts-expect-error plain JavaScript, run by any Node
import { complete, missingOptional, platformOf } from "../../../scripts/complete-lockfile.mjs";

const lock = JSON.parse(readFileSync(new URL("../../../package-lock.json", import.meta.url), "utf8"));

describe("the lock file", () => {
  it("has an entry for every optional dependency of every locked package", () => {
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
    expect(missingOptional(lock)).toEqual([]);
  });

  it("names no download addresses", () => {
    const entries = Object.values(lock.packages as Record<string, object>);
    expect(entries.filter((entry) => "resolved" in entry)).toEqual([]);
  });
});

describe("completing a lock file", () => {
  it("adds what the registry lacked, as its parent names it", () => {
    const name = "@duckdb/node-bindings-darwin-arm64";
    const { [`node_modules/${name}`]: removed, ...packages } = lock.packages;
    expect(removed).toBeDefined();
    const holed = { ...lock, packages };
    expect(missingOptional(holed)).toMatchObject([{ name, parent: "node_modules/@duckdb/node-bindings" }]);
    expect(complete(holed).packages[`node_modules/${name}`]).toMatchObject({
      version: lock.packages["node_modules/@duckdb/node-bindings"].version,
      cpu: ["arm64"],
      os: ["darwin"],
      optional: true,
    });
  });

  it("tells system, processor and C library from a package's name", () => {
    expect(platformOf("@oxc-parser/binding-linux-arm-musleabihf")).toEqual({
      cpu: ["arm"],
      libc: ["musl"],
      os: ["linux"],
    });
    expect(platformOf("@biomejs/cli-win32-x64")).toEqual({ cpu: ["x64"], os: ["win32"] });
    expect(() => platformOf("left-pad")).toThrow("left-pad");
  });
});
