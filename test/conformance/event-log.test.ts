import { createMemoryLog } from "../../src/log/memory.ts";
import { eventLogConformance } from "./event-log.ts";

eventLogConformance("the memory log", async () => {
  const log = createMemoryLog();
  return { log, removeExpired: () => log.removeExpired(), dispose: () => log.close() };
});
