import { z } from "zod";
import { parseDefinition } from "./parse-definition.ts";

const port = z.int().min(0).max(65535);
const positive = z.int().positive();
/** Timers take no more: almost 25 days. */
const timerMs = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const host = z.string().default("127.0.0.1");

/** Every key is optional. The descriptions are what docs/reference/configuration.md is made of (`npm run reference`). */
export const configSchema = z.strictObject({
  namespace: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, _ and -")
    .default("pinterest")
    .describe(
      "The original's UserId: topics are `<namespace>.<dataset>`, streams `streaming-<namespace>-<dataset>`, published tables `<namespace>_<dataset>_table`.",
    ),
  source: z
    .strictObject({
      driver: z.enum(["sqlite"]).default("sqlite").describe("Where the rows lie that are posted."),
      generator: z
        .string()
        .optional()
        .describe(
          "The module whose default export is `defineSource(...)`, relative to the project. Without one a source can only be imported.",
        ),
    })
    .prefault({})
    .describe("The tables of rows that `emulate` and `demo` post."),
  gateway: z
    .strictObject({
      host: host.describe("The address to listen on; only those of this machine, as nobody has to say who they are."),
      port: port.default(8082).describe("0 takes a free one. Default: Kafka REST's own."),
      stages: z
        .array(z.string().regex(/^[a-zA-Z0-9_-]+$/))
        .default(["dev", "test", "prod"])
        .describe("Path prefixes under which every route answers too, as API Gateway's stages do."),
      maxBodyBytes: positive
        .default(16 * 1024 * 1024)
        .describe("A larger request body is refused (413) before it is read."),
      maxInFlightBytes: positive
        .default(256 * 1024 * 1024)
        .describe("Request bodies held at once; beyond it 503 with `Retry-After`, and Kinesis' own word for it."),
    })
    .prefault({})
    .describe("The data plane: Kafka REST and the Kinesis proxy."),
  console: z
    .strictObject({
      host: host.describe("The address to listen on; only those of this machine."),
      port: port.default(8080).describe("0 takes a free one."),
    })
    .prefault({})
    .describe("Status and the writing verbs, for the command line. It wants the token of `console.token`."),
  log: z
    .strictObject({
      driver: z
        .enum(["embedded", "memory"])
        .default("embedded")
        .describe(
          "`embedded`: files that are synced before a record is acknowledged. `memory` forgets with the process.",
        ),
      autoCreate: z
        .boolean()
        .default(true)
        .describe("Whether a produce request to an unknown topic makes it. Streams are never made so."),
      partitions: z
        .int()
        .min(1)
        .max(1000)
        .default(1)
        .describe("Partitions of topics, and shards of streams, that Pinlake makes itself."),
      maxRecordBytes: positive.default(1024 * 1024).describe("A larger record is refused, by itself."),
      segmentBytes: positive
        .default(64 * 1024 * 1024)
        .describe(
          "Size at which a file of the log is sealed. A start reads the last one only; retention removes whole ones. While many small records come, one or two files of this size are made beforehand.",
        ),
      retentionMs: z
        .int()
        .min(-1)
        .default(7 * 24 * 3600 * 1000)
        .describe("Older records are removed once every stage has taken them; -1 keeps them. Default: 7 days."),
      retentionBytes: z
        .int()
        .min(-1)
        .default(-1)
        .describe("What the log may hold before the oldest records go that every stage has taken; -1 is no limit."),
    })
    .prefault({})
    .describe("The durable log of records."),
  store: z
    .strictObject({
      driver: z
        .enum(["filesystem", "memory"])
        .default("filesystem")
        .describe("Where objects and tables are kept. `memory` forgets with the process."),
      singleWriter: z
        .boolean()
        .default(false)
        .describe(
          "Nothing else writes to the tables. Needed where a store cannot put an object only if there is none yet; both drivers can.",
        ),
    })
    .prefault({})
    .describe("Objects and the files of tables."),
  sink: z
    .strictObject({
      maxRecords: positive.default(10_000).describe("Records of one object."),
      maxBytes: positive
        .default(16 * 1024 * 1024)
        .describe("Bytes of one object before it is packed; a larger record has an object of its own."),
      maxAgeMs: timerMs.default(60_000).describe("How long a record waits at most until its object is written."),
      compression: z
        .enum(["none", "gzip", "zstd"])
        .default("none")
        .describe(
          "How objects are packed from now on: `.json`, `.json.gz`, `.json.zst`. Those that are there stay as they are and are read all the same.",
        ),
    })
    .prefault({})
    .describe("From the log into objects: what comes first of these closes an object."),
  engine: z
    .strictObject({
      driver: z.enum(["duckdb"]).default("duckdb").describe("What runs the SQL."),
      memory: z
        .string()
        .regex(/^\d+(\.\d+)?(MB|GB|MiB|GiB)$/, "must be a size such as 500MB or 4GB")
        .optional()
        .describe("What a batch query may use before it spills to disk, such as `4GB`. Default: the engine's own."),
      threads: positive.optional().describe("Threads of the engine. Default: one for each core."),
    })
    .prefault({})
    .describe("The SQL engine of both arms."),
  stream: z
    .strictObject({
      maxRecords: positive.default(10_000).describe("A micro-batch is committed when so many records wait."),
      triggerMs: timerMs.default(500).describe("A micro-batch is committed so long after its first record came."),
      historyHours: z
        .number()
        .positive()
        .default(24)
        .describe("How long older versions of the stream tables stay readable."),
    })
    .prefault({})
    .describe("From the log into the stream tables: what comes first of these ends a micro-batch."),
});

export type ConfigInput = z.input<typeof configSchema>;
export type Config = z.output<typeof configSchema>;

/** Defines a project's configuration. Throws CONFIG_INVALID naming each wrong key and what is allowed there. */
export function defineConfig(input: ConfigInput): Config {
  return parseDefinition("pinlake.config.ts", configSchema, input);
}
