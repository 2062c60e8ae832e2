import type { AddCommands } from "./program.ts";
import { reading } from "./reading.ts";

export const addObjectCommands: AddCommands = (program, context) => {
  const objects = program
    .command("objects")
    .description("what the sink has landed: one line a record, under keys as in S3");

  const ls = objects
    .command("ls")
    .argument("[prefix]", "only keys that begin so")
    .description("keys in byte order, with their sizes");
  ls.action(async (prefix = "") => {
    const on = context(ls);
    await reading(on, async ({ objects: store }) => {
      const found = await Array.fromAsync(store.list(prefix, { signal: on.effects.signal }));
      on.printRows({
        columns: ["key", "bytes", "modified"],
        rows: found.map(({ key, bytes, modifiedAtMs }) => [key, bytes, new Date(modifiedAtMs).toISOString()]),
      });
    });
  });

  const show = objects
    .command("show")
    .argument("<key>", "as `objects ls` lists it")
    .description("what an object holds, unpacked where it is packed");
  show.action(async (key: string) => {
    const on = context(show);
    await reading(on, ({ objectBody }) => on.printBytes(objectBody(key, on.effects.signal)));
  });
};
