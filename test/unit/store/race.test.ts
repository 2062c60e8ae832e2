import { expect, it } from "vitest";
import { openFilesystemStore } from "../../../src/store/filesystem.ts";
import { startChild } from "../../support/kill-loop.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const KEYS = 150;

it("of several processes that put a key of the filesystem store if absent, exactly one wins, with its whole body", async () => {
  await using folder = await tempFolder();
  const file = new URL("./race-child.ts", import.meta.url).pathname;
  const children = Array.from({ length: 3 }, () => startChild(file, [folder.path, String(KEYS)]));
  await Promise.all(children.map((child) => child.until("ready")));
  for (const { child } of children) child.stdin?.write("go\n");
  expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0, 0]);

  const winner = new Map<string, string>();
  for (const { child, lines } of children)
    for (const line of lines.filter((each) => each.startsWith("won "))) {
      const key = line.slice(4);
      expect(winner.has(key), `${key} was won twice`).toBe(false);
      winner.set(key, String(child.pid).repeat(2000));
    }
  await using store = await openFilesystemStore({ root: folder.path });
  let found = 0;
  for await (const { key } of store.list("")) {
    expect(Buffer.from(await store.get(key)).toString()).toBe(winner.get(key));
    found++;
  }
  expect(found).toBe(KEYS);
});
