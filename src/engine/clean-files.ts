import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../define/dataset.ts";
import { acceptLines } from "./accept-lines.ts";
import type { CleanCounts, RecordsInput } from "./clean.ts";
import { type Copies, copiesIn } from "./copies.ts";
import { type FileReader, fileReader } from "./file-reader.ts";
import { inLanes } from "./lanes.ts";
import type { ParquetFile, QueryOptions, QuerySession } from "./query-engine.ts";
import { pickLines } from "./raw-lines.ts";
import { type ReadableFile, readableFile } from "./readable-file.ts";
import { cleanBeside } from "./strict-cleaning.ts";
import { recordShape } from "./suspects.ts";

/** Where raw rows come from: lines of a local NDJSON file, line i being offset `startOffset` + i; or records in memory. */
export type RawInput = LinesInput | RecordsInput;

export interface LinesInput {
  readonly topic: string;
  readonly partition: number;
  readonly path: string;
  readonly startOffset: bigint;
  /** The file is a copy, which is removed once it has been cleaned. */
  readonly temporary?: boolean;
  /** Told how many lines it has, and whether the last has its newline, before any is read. What it throws ends the cleaning. */
  readonly counted?: (lines: number, ended: boolean) => void;
}

export interface CleanFilesOptions extends QueryOptions {
  /** Name of the table that gets what is no row, in the quarantine's columns (see QUARANTINE_COLUMNS). */
  readonly badInto: string;
  /** Gets the files of rows, and those between the stages. */
  readonly folder: string;
  /** What `at` of quarantined rows says. */
  readonly nowMs: number;
  /** Marker fields of the other datasets: how a record that strayed here is known (see `foreignMarkers`). */
  readonly foreignMarkers: readonly string[];
}

export interface CleanedFiles extends CleanCounts {
  /** The good rows: the dataset's columns, then `_topic`, `_partition`, `_offset`. */
  readonly files: readonly ParquetFile[];
}

/**
 * Cleans objects by the dataset's SQL into Parquet files, one a group, several groups at once. Every event becomes a row
 * of a file, a row of `badInto` or a counted tombstone. The engine reads the lines itself and accepts what is beyond
 * doubt; the rest is decided one by one.
 */
export async function cleanFiles(
  session: QuerySession,
  dataset: Dataset,
  groups: AsyncIterable<readonly RawInput[]>,
  options: CleanFilesOptions,
): Promise<CleanedFiles> {
  const { folder, signal } = options;
  const run = signal === undefined ? {} : { signal };
  const shape = recordShape(dataset, options.foreignMarkers);
  const read = fileReader();
  await using copies = copiesIn(folder);
  const newFile = () => join(folder, `${randomUUID()}.parquet`);
  const strictly = await cleanBeside(session, dataset, newFile, options);
  const files: (ParquetFile | undefined)[] = [];
  let accepted = 0;

  await inLanes(session, scanned(groups, { read, copies, signal }), async (lane, { number, lines, records }) => {
    const { file, suspects } = await acceptLines(lane, dataset, shape, lines, newFile(), run);
    files[number] = file;
    accepted += file?.rows ?? 0;
    for (const input of records) await strictly.add(input);
    for (const [i, file] of lines.entries()) {
      const numbers = suspects[i] ?? [];
      if (numbers.length === 0) continue;
      const { topic, partition, startOffset } = file;
      const values = await linesOf(file, numbers, read);
      await strictly.add({
        topic,
        partition,
        records: values.map((value, k) => ({ offset: startOffset + BigInt(numbers[k] as number), value })),
      });
    }
    for (const { path, readable, temporary } of lines) {
      if (readable !== path) copies.free(readable);
      if (temporary) await rm(path, { force: true });
    }
  });

  const { files: others, ...counts } = await strictly.finish();
  return {
    ...counts,
    events: accepted + counts.events,
    rows: accepted + counts.rows,
    files: [...files, ...others].filter((one) => one !== undefined),
  };
}

interface ScannedGroup {
  readonly number: number;
  readonly lines: readonly (LinesInput & ReadableFile)[];
  readonly records: readonly RecordsInput[];
}

/** The bytes of these lines. */
async function linesOf(
  { path, kept }: LinesInput & ReadableFile,
  numbers: readonly number[],
  read: FileReader,
): Promise<Uint8Array[]> {
  const known = numbers.flatMap((number) => kept?.get(number) ?? []);
  return known.length === numbers.length ? known : read(path, (bytes) => pickLines(bytes, numbers));
}

interface Scanning {
  readonly read: FileReader;
  readonly copies: Copies;
  readonly signal: AbortSignal | undefined;
}

/** One object after another: they are large. */
async function* scanned(
  groups: AsyncIterable<readonly RawInput[]>,
  { read, copies, signal }: Scanning,
): AsyncGenerator<ScannedGroup> {
  let number = 0;
  for await (const group of groups) {
    const lines = [];
    for (const input of group) {
      signal?.throwIfAborted();
      if (!("path" in input)) continue;
      const file = await readableFile(read, input.path, copies);
      input.counted?.(file.lines, file.ended);
      lines.push({ ...input, ...file });
    }
    yield { number: number++, lines, records: group.filter((input) => "records" in input) };
  }
}
