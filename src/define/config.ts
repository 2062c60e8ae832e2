import { z } from "zod";
import { parseDefinition } from "./parse-definition.ts";

const port = z.int().min(0).max(65535);
const positive = z.int().positive();

/** Every key is optional; the comment above each says what it decides. `pinlake config` prints the values in force. */
export const configSchema = z.strictObject({
  /** The original's UserId: topics `<namespace>.<dataset>`, streams `streaming-<namespace>-<dataset>`. */
  namespace: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, _ and -")
    .default("pinterest"),
  source: z
    .strictObject({
      driver: z.enum(["sqlite"]).default("sqlite"),
      /** The module whose default export is `defineSource(...)`, relative to the project. */
      generator: z.string().optional(),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: port.default(8082),
      /** Path prefixes under which every route answers too, as API Gateway stages do. */
      stages: z.array(z.string().regex(/^[a-zA-Z0-9_-]+$/)).default(["dev", "test", "prod"]),
      maxBodyBytes: positive.default(16 * 1024 * 1024),
      /** Request bodies held at once; beyond it 503 with Retry-After. */
      maxInFlightBytes: positive.default(256 * 1024 * 1024),
    })
    .prefault({}),
  console: z.strictObject({ host: z.string().default("127.0.0.1"), port: port.default(8080) }).prefault({}),
  log: z
    .strictObject({
      driver: z.enum(["embedded", "memory"]).default("embedded"),
      /** Whether a produce request to an unknown topic makes it. */
      autoCreate: z.boolean().default(true),
      /** Partitions of topics, and shards of streams, that Pinlake makes itself. */
      partitions: z.int().min(1).max(1000).default(1),
      maxRecordBytes: positive.default(1024 * 1024),
      segmentBytes: positive.default(64 * 1024 * 1024),
      /** Records older than this are removed once every stage has taken them; -1 keeps them. Default 7 days. */
      retentionMs: z
        .int()
        .min(-1)
        .default(7 * 24 * 3600 * 1000),
      /** Bytes that the log may hold before the oldest taken records go; -1 is no limit. */
      retentionBytes: z.int().min(-1).default(-1),
    })
    .prefault({}),
  store: z.strictObject({ driver: z.enum(["filesystem", "memory"]).default("filesystem") }).prefault({}),
  sink: z
    .strictObject({
      maxRecords: positive.default(10_000),
      maxBytes: positive.default(16 * 1024 * 1024),
      maxAgeMs: positive.default(60_000),
      /** How objects are packed from now on (`.json`, `.json.gz`, `.json.zst`); those that are there stay as they are. */
      compression: z.enum(["none", "gzip", "zstd"]).default("none"),
    })
    .prefault({}),
  engine: z
    .strictObject({
      driver: z.enum(["duckdb"]).default("duckdb"),
      /** What a batch query may use before it spills to disk, such as `4GB`. Default: the engine's own. */
      memory: z
        .string()
        .regex(/^\d+(\.\d+)?(MB|GB|MiB|GiB)$/, "must be a size such as 500MB or 4GB")
        .optional(),
      threads: positive.optional(),
    })
    .prefault({}),
  stream: z
    .strictObject({
      maxRecords: positive.default(10_000),
      triggerMs: positive.default(500),
      /** How long older versions of the stream tables stay readable. */
      historyHours: z.number().positive().default(24),
    })
    .prefault({}),
});

export type ConfigInput = z.input<typeof configSchema>;
export type Config = z.output<typeof configSchema>;

/** Defines a project's configuration. Throws CONFIG_INVALID naming each wrong key and what is allowed there. */
export function defineConfig(input: ConfigInput): Config {
  return parseDefinition("pinlake.config.ts", configSchema, input);
}
