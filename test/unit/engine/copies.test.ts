import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { copiesIn } from "../../../src/engine/copies.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("copies", () => {
  it("are written over when they are free, whole and nothing more", async () => {
    await using folder = await tempFolder();
    await using copies = copiesIn(folder.path);
    const first = await copies.write(bytes("long lines\nof text\n"));
    copies.free(first);
    const second = await copies.write(bytes("short\n"));
    expect(second).toBe(first);
    expect(await readFile(second, "utf8")).toBe("short\n");
  });
  it("are left alone while they are in use", async () => {
    await using folder = await tempFolder();
    await using copies = copiesIn(folder.path);
    const [first, second] = [await copies.write(bytes("one")), await copies.write(bytes("two"))];
    copies.free(second);
    expect(await copies.write(bytes("three"))).toBe(second);
    expect(await readFile(first, "utf8")).toBe("one");
  });
  it("are removed in the end, in use or not", async () => {
    await using folder = await tempFolder();
    {
      await using copies = copiesIn(folder.path);
      copies.free(await copies.write(bytes("one")));
      await copies.write(bytes("two"));
      await copies.write(bytes("three"));
      expect(await readdir(folder.path)).toHaveLength(2);
    }
    expect(await readdir(folder.path)).toEqual([]);
  });
});
