import { type Logger, pino } from "pino";

export type { Logger };

/** What happens while nobody watches: a JSON object a line on stderr. */
export const stderrLogger = (level: string): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
