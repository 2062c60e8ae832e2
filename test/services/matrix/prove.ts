import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FEATURES, type Feature } from "./features.ts";
import { holeOf, isDefined, isTried, READERS, type Reader, type Writer } from "./holes.ts";
import { APPENDING, FIRST, GOING_ON, OPERATIONS, type Operation, SECOND, THEIR_GOING_ON } from "./operations.ts";
import { type Row, rowsOf, textOf } from "./rows.ts";
import { openWorld, type World } from "./world.ts";

/**
 * Which cells are tried: every fourth, each operation and each feature among them; with MATRIX=whole all, which takes half an
 * hour. Creating is tried with every feature.
 */
const SHARE = process.env.MATRIX === "whole" ? 1 : 4;

/**
 * A test for every operation on a table with every feature: that writer does it, then everybody reads the rows that are
 * expected. With others' tables we go on, others with ours, and everybody reads again. A hole is tried as well, where it
 * can be.
 */
export function proveMatrix(writer: Writer): void {
  describe(`${writer} write${writer === "we" ? "" : "s"}`, () => {
    let world: World;
    beforeAll(async () => {
      world = await openWorld();
    });
    afterAll(() => world[Symbol.asyncDispose]());

    for (const [f, feature] of FEATURES.entries())
      for (const [o, operation] of OPERATIONS.entries())
        if (isDefined(writer, operation, feature) && isTried(operation, feature) && (o === 0 || (f + o) % SHARE === 0))
          it(`${feature.name}: ${operation.name}`, () => proveCell(world, writer, operation, feature));
  });
}

async function proveCell(world: World, writer: Writer, operation: Operation, feature: Feature): Promise<void> {
  const hole = holeOf(writer, "write", operation, feature);
  if (hole !== undefined) {
    expect(hole.says, "it can be tried, so the hole must tell what is said against it").toBeDefined();
    const attempt = async () => world.perform(writer, await world.newTable(writer, feature), operation);
    return expect(attempt()).rejects.toThrow(hole.says);
  }
  let folder = await world.newTable(writer, feature);
  await world.perform(writer, folder, operation);
  if (operation.dropsLog) folder = world.withoutOldLog(folder);
  const rows = operation.expect([...rowsOf(FIRST), ...rowsOf(SECOND)]);
  const readers = READERS.filter((reader) => reader !== writer);
  if (writer === "we") {
    await everybodyReads(READERS, rows);
    if (operation === OPERATIONS[0]) for (const other of ["Spark", "delta-rs"] as const) await othersGoOn(other);
    return;
  }

  // Spark reads once, at the end: what it finds wrong there was wrong here.
  await everybodyReads(["we", "DuckDB"], rows);
  const refusal = holeOf("we", "go on", operation, feature);
  const going = feature.appendsOnly ? APPENDING : GOING_ON;
  const goOn = world.perform("we", folder, going);
  if (refusal === undefined) await goOn;
  else
    await expect(goOn).rejects.toMatchObject({
      code: "TABLE_UNSUPPORTED",
      message: expect.stringMatching(refusal.says ?? ""),
    });
  await everybodyReads(readers, refusal === undefined ? going.expect(rows) : rows);

  async function othersGoOn(other: Writer): Promise<void> {
    folder = await world.newTable(writer, feature);
    const refusal = holeOf(other, "go on", operation, feature);
    const goOn = world.perform(other, folder, THEIR_GOING_ON);
    if (refusal !== undefined) return expect(goOn, `gone on by ${other}`).rejects.toThrow(refusal.says);
    await goOn;
    await everybodyReads(READERS, THEIR_GOING_ON.expect(rows));
  }

  async function everybodyReads(who: readonly Reader[], expected: readonly Row[]): Promise<void> {
    for (const reader of who) {
      const unread = holeOf(reader, "read", operation, feature);
      const reading = world.read(reader, folder);
      if (unread === undefined) expect(await reading, `read by ${reader}`).toEqual(textOf(expected));
      else await expect(reading, `read by ${reader}`).rejects.toThrow(unread.says);
    }
  }
}
