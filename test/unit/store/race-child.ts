import { openFilesystemStore } from "../../../src/store/filesystem.ts";

// One of several processes that put the same keys at the same time; prints those it won.
const [root = "", keys = "0"] = process.argv.slice(2);
const store = await openFilesystemStore({ root });
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
const body = Buffer.from(String(process.pid).repeat(2000));
for (let i = 0; i < Number(keys); i++)
  if (await store.putIfAbsent(`a/${i % 3}/${i}`, body)) process.stdout.write(`won a/${i % 3}/${i}\n`);
process.exit(0);
