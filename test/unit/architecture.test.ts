import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, sourceFiles } from "../support/imports.ts";

const root = join(import.meta.dirname, "../..");
const files = sourceFiles(root, "src");
const imports = files.flatMap((file) => importsOf(root, file));

/** `src/log/embedded/x.ts` is of stage `log`; a file right under src is of stage `.`, but the composition root. */
function stageOf(path: string): string {
  const [, second, ...rest] = path.split("/");
  if (rest.length > 0) return second === "app" ? "app" : (second ?? "");
  return second === "app.ts" ? "app" : "base";
}

/** The table "Who may import whom" of ARCHITECTURE.md: stage → stages. */
function importTable(): Map<string, Set<string>> {
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const section = text.split("## Who may import whom")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| `([a-z]+)` \| ([^|]*) \|/gm)];
  return new Map(
    rows.map(([, stage, may]) => [
      stage ?? "",
      new Set([...(may ?? "").matchAll(/`([a-z]+)`/g)].map((m) => m[1] ?? "")),
    ]),
  );
}

const portFiles = [
  "log/event-log.ts",
  "store/object-store.ts",
  "engine/query-engine.ts",
  "table/table.ts",
  "source/source.ts",
];
const drivers = [
  "log/memory",
  "log/embedded",
  "store/memory",
  "store/filesystem",
  "engine/duckdb",
  "table/delta",
  "source/sqlite",
];

describe("the architecture", () => {
  const table = importTable();
  const used = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const [a, b] = [stageOf(from), stageOf(to)];
    if (a !== b) used.set(a, (used.get(a) ?? new Set()).add(b));
  }

  it("is looked at: there are files, stages and imports", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(imports.length).toBeGreaterThan(200);
    expect([...table.keys()].sort()).toEqual([...new Set(files.map(stageOf))].sort());
    for (const port of portFiles) expect(files).toContain(`src/${port}`);
  });

  it("has no import that the table does not allow", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [stageOf(from), stageOf(to)];
      return a !== b && !table.get(a)?.has(b);
    });
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("has no row in the table that no import needs", () => {
    const unused = [...table].flatMap(([stage, may]) =>
      [...may].filter((other) => !used.get(stage)?.has(other)).map((other) => `${stage} → ${other}`),
    );
    expect(unused).toEqual([]);
  });

  it("lets only the composition root import drivers, and only when they are chosen", () => {
    const driverOf = (path: string) =>
      drivers.find((driver) => path === `src/${driver}.ts` || path.startsWith(`src/${driver}/`));
    for (const driver of drivers)
      expect(
        files.some((file) => driverOf(file) === driver),
        driver,
      ).toBe(true);
    const wrong = imports.filter(({ from, to, dynamic, typeOnly }) => {
      const driver = driverOf(to);
      if (driver === undefined || driverOf(from) === driver) return false;
      return stageOf(from) !== "app" || !(dynamic || typeOnly);
    });
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("is mapped by a page whose paths are there", () => {
    const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
    const isPath = (word: string) => /^[a-z][\w./-]*(\/|\.ts)$/.test(word);
    const words = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word).filter(isPath);
    const missing: string[] = [];
    let looked = 0;
    for (const line of page.split("\n")) {
      // A row of the map names what lies in its own folder.
      const row = /^\| `([a-z]+\/)` \|/.exec(line)?.[1] ?? "";
      for (const word of words(line)) {
        looked++;
        const places = [join("src", row, word), join("src", word), word];
        if (!places.some((place) => existsSync(join(root, place)))) missing.push(`${row}: ${word}`);
      }
    }
    expect(missing).toEqual([]);
    expect(looked).toBeGreaterThan(40);
  });

  it("has every stage on its map", () => {
    const map = readFileSync(join(root, "ARCHITECTURE.md"), "utf8").split("## The map")[1]?.split("\n## ")[0] ?? "";
    const stages = [...new Set(files.map(stageOf))].filter((stage) => stage !== "base");
    expect(stages.filter((stage) => !map.includes(`\`${stage}/\``))).toEqual([]);
  });

  it("keeps the engine free of what is computed", () => {
    const naming = files.filter((file) =>
      /\b(pins?|geo|pinterest_data|unique_id|follower)\b/i.test(
        readFileSync(join(root, file), "utf8").replaceAll(/\bpinterest\b|^\s*(\*|\/\/).*$/gim, ""),
      ),
    );
    expect(naming).toEqual([]);
  });
});
