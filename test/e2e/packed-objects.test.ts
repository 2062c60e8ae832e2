import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

interface Demo {
  readonly reconciliation: readonly { readonly events: number; readonly rows: number; readonly ok: boolean }[];
  readonly agreement: readonly { readonly differences: number }[];
}

const POSTS = 150;

it("objects of every form, of one folder whose setting changed, are what both arms are made of again", async () => {
  await using folder = await tempFolder();
  const at = ["--data", folder.path];
  for (const [lives, compression] of ["zstd", "gzip", "none"].entries()) {
    const environment = { PINLAKE__SINK__COMPRESSION: compression };
    const demo = await pinlakeJson<Demo>(["demo", "--posts", String(POSTS), "--exit", ...at], { environment });
    for (const one of demo.reconciliation) expect(one).toMatchObject({ events: POSTS * (lives + 1), ok: true });
    for (const { differences } of demo.agreement) expect(differences).toBe(0);
  }
  const keys = (await pinlakeJson<{ key: string }[]>(["objects", "ls", ...at])).map(({ key }) => key);
  for (const topic of ["topics/pinterest.pin/", "streams/streaming-pinterest-pin/"]) {
    const forms = keys.filter((key) => key.startsWith(topic)).map((key) => key.replace(/.*[+]\d+[.]/, ""));
    expect(new Set(forms)).toEqual(new Set(["json.zst", "json.gz", "json"]));
  }

  const rows = () =>
    pinlakeJson<Record<string, unknown>[]>([
      "sql",
      "SELECT * FROM batch.pin UNION ALL SELECT * FROM stream.pin ORDER BY ALL",
      ...at,
    ]);
  const before = await rows();
  const full = await pinlakeJson<{ ok: boolean; tasks: { result?: { events?: number } }[] }>([
    "run",
    "pin",
    "--full",
    ...at,
  ]);
  expect(full).toMatchObject({ ok: true, tasks: [{ result: { events: 3 * POSTS } }] });
  const { rebuilt } = await pinlakeJson<{ rebuilt: unknown[] }>(["stream", "rebuild", "pin", ...at]);
  expect(rebuilt).toMatchObject([{ dataset: "pin", events: 3 * POSTS }]);
  expect(await rows()).toEqual(before);

  const packed = keys.find((key) => key.startsWith("topics/pinterest.pin/") && key.endsWith(".gz")) ?? "";
  const shown = await pinlake(["objects", "show", packed, ...at]);
  for (const line of shown.out.trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("unique_id");

  await truncate(join(folder.path, "objects", packed), 100);
  const damaged = await pinlake(["run", "pin", "--full", ...at]);
  expect(damaged).toMatchObject({ code: 65, err: expect.stringContaining(packed) });
});
