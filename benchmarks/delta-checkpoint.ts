/** `delta-checkpoint.ts FOLDER`: opens a table and writes a checkpoint of it; prints what it took and was resident at most. */
import { openDeltaTable } from "pinlake/delta";

await using table = await openDeltaTable(process.argv[2] ?? "");
await table.snapshot();
const openedMb = process.resourceUsage().maxRSS / 1024;
const startMs = performance.now();
await table.checkpoint();
const checkpointMs = performance.now() - startMs;
const residentMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ openedMb, checkpointMs, residentMb }));
