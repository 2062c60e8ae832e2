import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import type { QueryEngine, QueryResult, QuerySession } from "../../../engine/query-engine.ts";
import { isPinlakeError, PinlakeError } from "../../../errors.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import type { LocalFiles } from "../files/local-files.ts";
import { withScratch } from "../files/scratch.ts";
import { type CommitActions, decodePath, parseCommit, type Sidecar } from "./actions.ts";
import { CHECKPOINT_COLUMNS, READ_COLUMNS } from "./checkpoint-columns.ts";
import { actionsOf, checkpointLines, readSql, validationSql, writeSql } from "./checkpoint-rows.ts";
import { checkpointName, LAST_CHECKPOINT, sidecarName } from "./names.ts";
import type { LoadedState } from "./state.ts";

/** The checkpoints of one table: a version's whole state in one Parquet file, so that a reader need not replay. */
export interface Checkpoints {
  /** What these files of one checkpoint say together. Throws TABLE_CORRUPT. */
  read(names: readonly string[]): Promise<CommitActions>;
  /** Does nothing when that version has a checkpoint. */
  write(state: LoadedState): Promise<void>;
  /** The version of the newest checkpoint, as far as the hint file tells. */
  hint(): Promise<number | undefined>;
}

const sessions = new WeakMap<QueryEngine, Promise<QuerySession>>();

/** One session per engine for this bookkeeping; it ends with the engine. */
function sessionOf(engine: QueryEngine): Promise<QuerySession> {
  const known = sessions.get(engine);
  if (known !== undefined) return known;
  // Little memory, small row groups: what it does is passing rows on.
  const opened = engine.session({ threads: 1, memory: "200MB" });
  sessions.set(engine, opened);
  opened.catch(() => sessions.delete(engine));
  return opened;
}

export function openCheckpoints({
  store,
  prefix,
  location,
  engine,
  files,
}: {
  readonly store: ObjectStore;
  readonly prefix: string;
  readonly location: string;
  readonly engine: QueryEngine;
  readonly files: LocalFiles;
}): Checkpoints {
  const corrupt = (file: string, reason: string, cause?: unknown) =>
    new PinlakeError("TABLE_CORRUPT", { table: location, file, reason }, { cause });

  async function readFile(name: string): Promise<CommitActions> {
    try {
      if (name.endsWith(".json")) return parseCommit(await store.get(prefix + name), { table: location, file: name });
      return await readParquet(await files.path(name));
    } catch (error) {
      if (isPinlakeError(error, "QUERY_FAILED") || error instanceof SyntaxError)
        throw corrupt(name, error.message, error);
      if (isPinlakeError(error, "OBJECT_NOT_FOUND")) throw corrupt(name, "it is missing", error);
      throw error;
    }
  }

  async function readAll(names: readonly string[]): Promise<CommitActions> {
    const parts: CommitActions[] = [];
    for (const name of names) parts.push(await readFile(name));
    // They lie in one folder, whatever else their path says.
    const sidecars = parts.flatMap((part) => (part.sidecars ?? []).map(fileName));
    for (const name of sidecars) parts.push(await readFile(sidecarName(name)));
    return together(parts);
  }

  async function readParquet(path: string): Promise<CommitActions> {
    const session = await sessionOf(engine);
    const view = `checkpoint_${randomUUID()}`;
    return withScratch(session, { views: [view] }, async () => {
      await session.defineParquet(view, READ_COLUMNS, [{ path }]);
      const batches = session.batches(readSql(session, view));
      return actionsOf(textsOf(batches));
    });
  }

  /** What a reader counts on, looked up in the file itself: whoever trusts a bad checkpoint is lost. */
  async function validate(state: LoadedState, path: string): Promise<void> {
    const session = await sessionOf(engine);
    const view = `checkpoint_${randomUUID()}`;
    return withScratch(session, { views: [view] }, async () => {
      await session.defineParquet(view, CHECKPOINT_COLUMNS, [{ path }]);
      const { rows } = await session.query(validationSql(session, view));
      const { files, tombstones, txns, domains, metaData } = state;
      const expected = [1, 1, files.size, files.size, tombstones.size, txns.size, domains.size, metaData.schemaString];
      const found = (rows[0] ?? []).map((value) => (typeof value === "bigint" ? Number(value) : value));
      if (JSON.stringify(found) !== JSON.stringify(expected))
        throw corrupt(checkpointName(state.version), "it does not read back as it was written");
    });
  }

  async function writeValidated(state: LoadedState, path: string): Promise<{ rows: number; bytes: number }> {
    const session = await sessionOf(engine);
    const lines = await files.newPath();
    try {
      let longest = 0;
      async function* texts() {
        for (const piece of checkpointLines(state)) {
          longest = Math.max(longest, piece.longest);
          yield piece.text;
        }
      }
      await writeFile(lines, texts());
      const written = await session.writeParquet(writeSql(session, lines, longest), CHECKPOINT_COLUMNS, path);
      await validate(state, path);
      return written;
    } finally {
      await rm(lines, { force: true });
    }
  }

  return {
    read: readAll,
    async write(state) {
      const path = await files.newPath();
      try {
        const { rows, bytes } = await writeValidated(state, path);
        if (!(await store.adoptFile(prefix + checkpointName(state.version), path))) return;
        const last = {
          version: state.version,
          size: rows,
          sizeInBytes: bytes,
          numOfAddFiles: state.files.size,
        };
        await store.put(prefix + LAST_CHECKPOINT, new TextEncoder().encode(JSON.stringify(last)));
      } finally {
        await rm(path, { force: true });
      }
    },
    async hint() {
      try {
        const text = new TextDecoder().decode(await store.get(prefix + LAST_CHECKPOINT));
        const { version } = JSON.parse(text) as { readonly version?: unknown };
        return typeof version === "number" && Number.isSafeInteger(version) && version >= 0 ? version : undefined;
      } catch (error) {
        if (isPinlakeError(error, "OBJECT_NOT_FOUND") || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
  };
}

async function* textsOf(batches: AsyncIterable<QueryResult>): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  for await (const { rows } of batches) yield rows as readonly (readonly (string | null)[])[];
}

const fileName = ({ path }: Sidecar): string => decodePath(path).split("/").at(-1) ?? "";

const together = (parts: readonly CommitActions[]): CommitActions => ({
  ...(Object.assign({}, ...parts) as CommitActions),
  adds: parts.flatMap(({ adds }) => adds),
  removes: parts.flatMap(({ removes }) => removes),
  txns: parts.flatMap(({ txns }) => txns),
  domains: parts.flatMap(({ domains }) => domains),
});
