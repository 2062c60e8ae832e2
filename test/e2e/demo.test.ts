import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

interface DemoDocument {
  posts: { sent: number; failed: number };
  reconciliation: {
    arm: string;
    dataset: string;
    events: number;
    rows: number;
    superseded: number;
    quarantined: number;
    tombstones: number;
    ok: boolean;
  }[];
  agreement: { dataset: string; batchRows: number; streamRows: number; differences: number }[];
  answers: Record<string, Record<string, unknown>[]>;
  seconds: number;
}

const POSTS = 500;
/** Of the first 500 draws of the original's generator, so many are different rows. */
const DIFFERENT_ROWS = 494;

describe.each([1, 3])("a demo of 500 posts with %i partitions", (partitions) => {
  let folder: TempFolder;
  const environment = { PINLAKE__LOG__PARTITIONS: String(partitions) };
  // As `npm start -- --posts 500 --exit` does.
  const demo = () => ["demo", "--all", "--posts", String(POSTS), "--exit", "--data", folder.path];
  let first: DemoDocument;

  beforeAll(async () => {
    folder = await tempFolder();
    first = await pinlakeJson<DemoDocument>(demo(), { environment });
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  it("accounts for every post on both arms, and the arms agree", () => {
    expect(first.posts).toEqual({ sent: POSTS, failed: 0 });
    expect(first.reconciliation.map(({ arm, dataset }) => `${arm} ${dataset}`)).toEqual([
      "batch geo",
      "batch pin",
      "batch user",
      "stream geo",
      "stream pin",
      "stream user",
    ]);
    for (const one of first.reconciliation)
      expect(one).toMatchObject({ events: POSTS, quarantined: 0, tombstones: 0, ok: true });
    for (const one of first.agreement)
      expect(one).toMatchObject({ batchRows: DIFFERENT_ROWS, streamRows: DIFFERENT_ROWS, differences: 0 });
    expect(Object.keys(first.answers)).toHaveLength(9);
    for (const rows of Object.values(first.answers)) expect(rows.length).toBeGreaterThan(0);
  });

  // Once is enough: how records are spread does not matter to it.
  if (partitions === 1)
    it("is superseded by the same posts again, and answers the same", async () => {
      const second = await pinlakeJson<DemoDocument>(demo(), { environment });
      for (const one of second.reconciliation)
        expect(one).toMatchObject({ events: 2 * POSTS, rows: DIFFERENT_ROWS, ok: true });
      expect(second.answers).toEqual(first.answers);
    });

  it("leaves tables, objects and answers that the verbs read", async () => {
    const at = ["--data", folder.path];
    const answers = await pinlakeJson<DemoDocument["answers"]>(["answers", ...at]);
    expect(answers).toEqual(first.answers);
    const [counted] = await pinlakeJson<{ n: number }[]>([
      "sql",
      "SELECT count(*) AS n FROM pin JOIN pinterest_pin_table USING (ind)",
      ...at,
    ]);
    expect(counted).toEqual({ n: DIFFERENT_ROWS });
    const csv = await pinlake(["answers", "country_of_most_followed", "--format", "csv", ...at]);
    expect(csv.out).toMatch(/^country,follower_count\n.+,\d+\n$/);
    expect(existsSync(join(folder.path, "answers", "country_of_most_followed.csv"))).toBe(true);
    const tables = await pinlakeJson<{ name: string; rows: number }[]>(["tables", "ls", ...at]);
    expect(tables.find(({ name }) => name === "stream.user")?.rows).toBe(DIFFERENT_ROWS);
    const objects = await pinlakeJson<{ key: string }[]>(["objects", "ls", "topics/", ...at]);
    expect(objects[0]?.key).toBe("topics/pinterest.geo/partition=0/pinterest.geo+0+0000000000.json");
  });
});
