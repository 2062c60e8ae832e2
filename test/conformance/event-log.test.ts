import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import type { LocalLog } from "../../src/log/local-log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import type { EventLogSubject } from "../support/event-log.ts";
import { eventLogConformance } from "./event-log.ts";

eventLogConformance("the memory log", async () => {
  const log = createMemoryLog();
  return { log, removeExpired: () => log.removeExpired(), dispose: () => log.close() };
});

/** Segments so small that every few records begin a new one. */
for (const segmentBytes of [64 * 1024 * 1024, 2000])
  eventLogConformance(`the embedded log with segments of ${segmentBytes} bytes`, async (): Promise<EventLogSubject> => {
    const folder = await mkdtemp(join(tmpdir(), "pinlake-log-"));
    const open = () => openEmbeddedLog({ folder, segmentBytes });
    let log: LocalLog = await open();
    return {
      log,
      async reopen() {
        await log.close();
        log = await open();
        return log;
      },
      removeExpired: () => log.removeExpired(),
      async dispose() {
        await log.close();
        await rm(folder, { recursive: true });
      },
    };
  });
