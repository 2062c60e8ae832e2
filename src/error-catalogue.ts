import { entry } from "./error-entry.ts";
import { gatewayCatalogue } from "./gateway-error-catalogue.ts";

/** Every error that Pinlake raises, in the order of the data path. docs/reference/errors.md says the same, under test. */
export const catalogue = {
  USAGE: entry<{ message: string }>({ kind: "usage", retry: "never", message: (d) => d.message }),
  CONFIG_INVALID: entry<{ file: string; problems: readonly string[] }>({
    kind: "config",
    retry: "never",
    message: (d) => `${d.file}: ${d.problems.join("; ")}`,
  }),
  CONFIG_NOT_LOADED: entry<{ file: string; reason: string }>({
    kind: "config",
    retry: "never",
    message: (d) => `${d.file} could not be loaded: ${d.reason}`,
  }),
  DRIVER_MISSING: entry<{ stage: string; driver: string; package: string }>({
    kind: "config",
    retry: "never",
    message: (d) =>
      `The ${d.stage} driver "${d.driver}" needs the package "${d.package}". Install it with \`npm install ${d.package}\`.`,
  }),
  FOLDER_LOCKED: entry<{ folder: string; pid: number | undefined }>({
    kind: "unavailable",
    retry: "backoff",
    message: (d) =>
      `${d.folder} is in use by ${d.pid === undefined ? "another process" : `process ${d.pid}`}. Stop it, or choose another folder with --data.`,
  }),
  FOLDER_UNUSABLE: entry<{ folder: string; reason: string }>({
    kind: "unavailable",
    retry: "never",
    message: (d) => `${d.folder} cannot be used: ${d.reason}. Choose a folder you may write to with --data.`,
  }),
  PORT_UNAVAILABLE: entry<{ address: string; reason: string; setting: string }>({
    kind: "unavailable",
    retry: "never",
    message: (d) =>
      `Cannot listen on ${d.address}: ${d.reason}. Choose another port with ${d.setting} (0 takes a free one).`,
  }),
  NOT_RUNNING: entry<{ folder: string; what: string }>({
    kind: "unavailable",
    retry: "backoff",
    message: (d) => `${d.what} needs a running \`pinlake up\` on ${d.folder}.`,
  }),
  SERVICE_FAILED: entry<{ url: string; status: number; body: string }>({
    kind: "unavailable",
    retry: "backoff",
    message: (d) => `${d.url} answered ${d.status}: ${d.body}`,
  }),
  SOURCE_MISSING: entry<{ path: string }>({
    kind: "notFound",
    retry: "never",
    message: (d) =>
      `There is no source at ${d.path}. Make one with \`pinlake source create\` or \`pinlake source import DIR\`.`,
  }),
  SOURCE_EXISTS: entry<{ path: string }>({
    kind: "conflict",
    retry: "never",
    message: (d) => `${d.path} exists already. Add --replace to make it anew.`,
  }),
  SOURCE_INVALID: entry<{ path: string; reason: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `${d.path} cannot be read as a source: ${d.reason}`,
  }),
  TOPIC_NOT_FOUND: entry<{ topic: string }>({
    kind: "notFound",
    retry: "never",
    message: (d) =>
      `Topic "${d.topic}" does not exist. Create it with \`pinlake topics create ${d.topic}\` or set log.autoCreate.`,
  }),
  TOPIC_EXISTS: entry<{ topic: string }>({
    kind: "conflict",
    retry: "never",
    message: (d) => `Topic "${d.topic}" already exists.`,
  }),
  TOPIC_NAME_INVALID: entry<{ topic: string }>({
    kind: "usage",
    retry: "never",
    message: (d) => `"${d.topic}" is no topic name: 1 to 249 of the characters a-z A-Z 0-9 . _ - and not "." or "..".`,
  }),
  STREAM_NOT_FOUND: entry<{ stream: string }>({
    kind: "notFound",
    retry: "never",
    message: (d) => `Stream "${d.stream}" does not exist. Create it with \`pinlake streams create ${d.stream}\`.`,
  }),
  STREAM_EXISTS: entry<{ stream: string }>({
    kind: "conflict",
    retry: "never",
    message: (d) => `Stream "${d.stream}" already exists.`,
  }),
  PARTITION_NOT_FOUND: entry<{ topic: string; partition: number; partitions: number }>({
    kind: "notFound",
    retry: "never",
    message: (d) => `Topic "${d.topic}" has no partition ${d.partition}; it has ${d.partitions}, counted from 0.`,
  }),
  PARTITION_CLOSED: entry<{ topic: string; partition: number }>({
    kind: "conflict",
    retry: "rebase",
    message: (d) =>
      `Partition ${d.partition} of topic "${d.topic}" is closed for writing. Write to one of its children.`,
  }),
  RECORD_TOO_LARGE: entry<{ bytes: number; maxBytes: number }>({
    kind: "tooLarge",
    retry: "never",
    message: (d) => `The record has ${d.bytes} bytes; at most ${d.maxBytes} are allowed (log.maxRecordBytes).`,
  }),
  OFFSET_OUT_OF_RANGE: entry<{ topic: string; partition: number; offset: bigint; start: bigint; end: bigint }>({
    kind: "badData",
    retry: "never",
    message: (d) =>
      `Offset ${d.offset} of topic "${d.topic}" partition ${d.partition} is out of range: it holds ${d.start} up to, not including, ${d.end}.`,
  }),
  LOG_CORRUPT: entry<{ file: string; position: number; reason: string }>({
    kind: "badData",
    retry: "never",
    message: (d) =>
      `${d.file} is damaged at byte ${d.position}: ${d.reason}. Nothing was changed. Restore the file from a copy, or run \`pinlake doctor --repair\`, which names what it has to give up.`,
  }),
  LOG_BEHIND: entry<{ what: string; topic: string; partition: number; offset: bigint; end: bigint }>({
    kind: "badData",
    retry: "never",
    message: (d) =>
      `${d.what} has taken topic "${d.topic}" partition ${d.partition} up to offset ${d.offset}, but the log ends at ${d.end}: the log was deleted or replaced. Restore it, or start with another --data folder.`,
  }),
  LOG_TRIMMED: entry<{
    what: string;
    topic: string;
    partition: number;
    offset: bigint;
    start: bigint;
    dataset: string;
  }>({
    kind: "badData",
    retry: "never",
    message: (d) =>
      `${d.what} has taken stream "${d.topic}" shard ${d.partition} up to offset ${d.offset}, but the log keeps it from ${d.start} on. Rebuild the table from the objects with \`pinlake stream rebuild ${d.dataset}\`.`,
  }),
  STORAGE_FULL: entry<{ path: string }>({
    kind: "unavailable",
    retry: "backoff",
    message: (d) => `No space is left for ${d.path}. What this answers was not stored; it goes on when there is room.`,
  }),
  STORAGE_FAILED: entry<{ path: string; reason: string }>({
    kind: "unavailable",
    retry: "backoff",
    message: (d) => `${d.path} could not be read or written: ${d.reason}`,
  }),
  CLOSED: entry<{ what: string }>({
    kind: "unavailable",
    retry: "backoff",
    message: (d) => `${d.what} is closed.`,
  }),
  OBJECT_NOT_FOUND: entry<{ key: string }>({
    kind: "notFound",
    retry: "never",
    message: (d) => `There is no object "${d.key}".`,
  }),
  OBJECT_KEY_INVALID: entry<{ key: string; reason: string }>({
    kind: "usage",
    retry: "never",
    message: (d) => `"${d.key}" is no object key: ${d.reason}.`,
  }),
  OBJECT_CONFLICT: entry<{ key: string; reason: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `Object "${d.key}" does not fit what the log holds: ${d.reason}. It was left as it is.`,
  }),
  OBJECT_DAMAGED: entry<{ key: string; reason: string }>({
    kind: "badData",
    retry: "never",
    message: (d) =>
      `Object "${d.key}" cannot be unpacked: ${d.reason}. Nothing was changed; put a good copy in its place.`,
  }),
  OBJECTS_DAMAGED: entry<{
    of: string;
    key: string | undefined;
    from: bigint;
    to: bigint | undefined;
    reason: string;
  }>({
    kind: "badData",
    retry: "never",
    message: (d) =>
      `The objects of ${d.of} do not hold offsets ${d.from} to ${d.to ?? "their end"}: ${d.key === undefined ? "" : `"${d.key}": `}${d.reason}. Nothing was changed. Put a good copy in place, or run \`pinlake doctor --repair\`.`,
  }),
  QUERY_FAILED: entry<{ sql: string; reason: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `The query failed: ${d.reason}`,
  }),
  OUT_OF_MEMORY: entry<{ limit: string; reason: string }>({
    kind: "unavailable",
    retry: "never",
    message: (d) =>
      `The query needs more memory than ${d.limit}: ${d.reason}. Allow more with --memory or engine.memory.`,
  }),
  TABLE_NOT_FOUND: entry<{ table: string }>({
    kind: "notFound",
    retry: "never",
    message: (d) => `There is no table at ${d.table}.`,
  }),
  TABLE_VERSION_NOT_FOUND: entry<{ table: string; version: string; latest: string }>({
    kind: "notFound",
    retry: "never",
    message: (d) => `${d.table} has no version ${d.version}; its latest is ${d.latest}.`,
  }),
  TABLE_EXISTS: entry<{ table: string }>({
    kind: "conflict",
    retry: "rebase",
    message: (d) => `There is a table at ${d.table} already.`,
  }),
  TABLE_CONFLICT: entry<{ table: string; version: string; reason: string }>({
    kind: "conflict",
    retry: "rebase",
    message: (d) => `${d.table}: version ${d.version} was committed meanwhile and conflicts: ${d.reason}.`,
  }),
  TABLE_UNSUPPORTED: entry<{ table: string; feature: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `${d.table} uses "${d.feature}", which this version of Pinlake does not support.`,
  }),
  STORE_UNSAFE: entry<{ table: string }>({
    kind: "config",
    retry: "never",
    message: (d) =>
      `${d.table} can only be read: its store cannot put an object only if there is none yet, so that two writers could take each other's commits for theirs. If nobody else writes to it, say so with store.singleWriter.`,
  }),
  TABLE_FILES_MISSING: entry<{ table: string; version: string; files: readonly string[] }>({
    kind: "badData",
    retry: "never",
    message: (d) =>
      `${d.table}: version ${d.version} lacks ${d.files.length === 1 ? "a file" : `${d.files.length} files`}: ${d.files.slice(0, 5).join(", ")}${d.files.length > 5 ? ", …" : ""}. Restore a version whose files are there, or \`pinlake tables fsck --repair\` takes them out of the newest.`,
  }),
  TABLE_CORRUPT: entry<{ table: string; file: string; reason: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `${d.table}: ${d.file} cannot be read: ${d.reason}.`,
  }),
  SCHEMA_MISMATCH: entry<{ table: string; column: string; found: string; expected: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `${d.table}: column "${d.column}" is ${d.found}, expected ${d.expected}.`,
  }),
  CONSTRAINT_VIOLATED: entry<{ table: string; constraint: string; expression: string; row: string }>({
    kind: "badData",
    retry: "never",
    message: (d) =>
      `${d.table}: a row breaks the constraint ${d.constraint} (${d.expression}): ${d.row}. Nothing was written; correct such rows or leave them out.`,
  }),
  MERGE_AMBIGUOUS: entry<{ table: string; key: string }>({
    kind: "badData",
    retry: "never",
    message: (d) => `${d.table}: more than one new row has the key ${d.key}. Keep one row per key before merging.`,
  }),
  DEFINITION_CHANGED: entry<{ dataset: string; arm: string; command: string }>({
    kind: "conflict",
    retry: "never",
    message: (d) =>
      `The definition of dataset "${d.dataset}" changed since its ${d.arm} table was built. Rebuild it with \`${d.command}\`.`,
  }),
  REBUILD_UNFINISHED: entry<{ dataset: string; arm: string; command: string }>({
    kind: "conflict",
    retry: "never",
    message: (d) =>
      `A rebuild of the ${d.arm} table of "${d.dataset}" was interrupted. Run it again with \`${d.command}\`.`,
  }),
  NOT_CONSERVED: entry<{ problems: readonly string[] }>({
    kind: "internal",
    retry: "never",
    message: (d) =>
      `Events and outcomes differ: ${d.problems.join("; ")}. See \`pinlake tables history NAME\` for commits that are not Pinlake's, and rebuild the table (\`run NAME --full\`, \`stream rebuild NAME\`); if there are none, please report this as a bug.`,
  }),
  ARMS_DISAGREE: entry<{ problems: readonly string[] }>({
    kind: "internal",
    retry: "never",
    message: (d) => `The batch and stream tables differ: ${d.problems.join("; ")}.`,
  }),
  UNKNOWN_NAME: entry<{ what: string; name: string; known: readonly string[] }>({
    kind: "usage",
    retry: "never",
    message: (d) => `There is no ${d.what} "${d.name}". ${d.known.length > 0 ? `Known: ${d.known.join(", ")}.` : ""}`,
  }),
  TASK_FAILED: entry<{ workflow: string; task: string; reason: string }>({
    kind: "internal",
    retry: "backoff",
    message: (d) => `Task "${d.task}" of "${d.workflow}" failed: ${d.reason}`,
  }),
  POSTS_FAILED: entry<{ failed: number; sent: number; first: string }>({
    kind: "unavailable",
    retry: "backoff",
    message: (d) => `${d.failed} of ${d.sent + d.failed} records were not accepted. The first failure: ${d.first}`,
  }),
  ...gatewayCatalogue,
  INTERNAL: entry<{ reason: string }>({ kind: "internal", retry: "never", message: (d) => d.reason }),
} as const;
