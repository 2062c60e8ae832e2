import { PinlakeError } from "../../../errors.ts";
import type { Commit, CommitOptions, SnapshotAt } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { checkWritable } from "../definition/protocol.ts";
import { removeOf, tableFile } from "../files/data-files.ts";
import { missingFiles, referencedFiles } from "../files/referenced-files.ts";
import { type AddFile, decodePath, type MetaData, type Protocol } from "../log/actions.ts";
import { checkTxns, commit } from "../log/commit.ts";
import type { LoadedState } from "../log/state.ts";
import { NO_COUNTS, withConfiguration } from "../write/result.ts";

/**
 * Makes the newest version what an older one was: its rows, schema and properties, in one commit. Its files must still
 * be there. What others committed since this was begun is a conflict, appends too.
 */
export async function restore(
  context: TableContext,
  target: LoadedState,
  { at, ...options }: CommitOptions & { readonly at: SnapshotAt },
): Promise<Commit> {
  const { location } = context;
  const base = await context.stateOf(options.basedOn);
  const metaData = restoredMetaData(base, target, options);
  checkWritable(location, base.protocol, metaData ?? base.metaData);
  checkTxns(context, base, options.txns ?? []);
  checkRestorable(location, base, target);
  const back = [...target.files.entries()].flatMap(([key, add]) => (base.files.has(key) ? [] : [add]));
  const away = [...base.files.entries()].flatMap(([key, add]) => (target.files.has(key) ? [] : [add]));
  await checkThere(context, target.version, back, options.signal);
  const nowMs = context.clock.now();
  const bytes = (files: readonly AddFile[]) => files.reduce((sum, { size }) => sum + size, 0);
  const after = await commit(context, {
    base,
    operation: "RESTORE",
    operationParameters:
      "version" in at
        ? { version: String(at.version), timestamp: null }
        : { version: null, timestamp: new Date(at.timestampMs).toISOString() },
    metrics: {
      numRestoredFiles: back.length,
      restoredFilesSize: bytes(back),
      numRemovedFiles: away.length,
      removedFilesSize: bytes(away),
      numOfFilesAfterRestore: target.files.size,
      tableSizeAfterRestore: bytes([...target.files.values()]),
      ...options.metrics?.(NO_COUNTS),
    },
    reads: { kind: "table" },
    serializable: true,
    adds: back.map((add) => ({ ...withoutNulls(add), dataChange: true })),
    removes: away.map((add) => removeOf(add, { nowMs })),
    txns: options.txns ?? [],
    metaData,
    signal: options.signal,
  });
  return {
    version: after.version,
    ...NO_COUNTS,
    added: back.map(tableFile),
    rowsFile: undefined,
    removed: away.map(({ path }) => ({ path: decodePath(path), movedTo: undefined })),
  };
}

function restoredMetaData(base: LoadedState, target: LoadedState, options: CommitOptions): MetaData | undefined {
  const then = { ...target.metaData, id: base.metaData.id };
  const wanted = withConfiguration(then, options) ?? then;
  return JSON.stringify(wanted) === JSON.stringify(base.metaData) ? undefined : wanted;
}

/** A protocol is never lowered by this, so what the older version asks of readers and writers must be asked still. */
function checkRestorable(location: string, base: LoadedState, target: LoadedState): void {
  const refuse = (feature: string): never => {
    throw new PinlakeError("TABLE_UNSUPPORTED", { table: location, feature });
  };
  const dropped = featuresOf(target.protocol).find((feature) => !featuresOf(base.protocol).includes(feature));
  const older =
    base.protocol.minReaderVersion < target.protocol.minReaderVersion ||
    base.protocol.minWriterVersion < target.protocol.minWriterVersion;
  if (dropped !== undefined || older) refuse(`restoring a version with ${dropped ?? "a higher protocol"}`);
  if (JSON.stringify([...base.domains.entries()].sort()) !== JSON.stringify([...target.domains.entries()].sort()))
    refuse("restoring other domain metadata");
}

const featuresOf = ({ readerFeatures, writerFeatures }: Protocol): readonly string[] => [
  ...(readerFeatures ?? []),
  ...(writerFeatures ?? []),
];

async function checkThere(
  context: TableContext,
  version: number,
  adds: readonly AddFile[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const named = adds.map((add) => ({ add, files: referencedFiles(context.location, add) }));
  const outside = named.find(({ files }) => files.data === undefined || ("vector" in files && !files.vector));
  if (outside !== undefined) {
    const feature = `restoring the file outside the table ${outside.add.path}`;
    throw new PinlakeError("TABLE_UNSUPPORTED", { table: context.location, feature });
  }
  const names = named.flatMap(({ files }) => [files.data, files.vector]).filter((name) => name !== undefined);
  const missing = await missingFiles(context, [...new Set(names)], signal);
  if (missing.size === 0) return;
  throw new PinlakeError("TABLE_FILES_MISSING", {
    table: context.location,
    version: String(version),
    files: [...missing].sort(),
  });
}

const withoutNulls = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field != null)) as T;
