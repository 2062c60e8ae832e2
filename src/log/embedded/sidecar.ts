import { crc32 } from "node:zlib";
import { type Files, fileSize } from "./files.ts";
import { HEADER_BYTES } from "./frame.ts";
import { partitionKey, type Segment } from "./segment.ts";

/**
 * The index of a sealed segment, beside it: a line with the CRC-32 of the rest, then JSON. It can be made again from
 * the segment, so it is neither synced nor missed; one that is not of this very segment is not believed.
 */
interface StoredIndex {
  readonly length: number;
  /** CRC-32 of the segment's first header, which no other segment has: it holds a sequence and a time. */
  readonly head: number;
  readonly firstStoredAtMs: number | null;
  readonly lastStoredAtMs: number;
  readonly ranges: readonly {
    readonly topicId: number;
    readonly partition: number;
    readonly base: number;
    readonly next: number;
    readonly bytes: number;
    readonly maxTimestampMs: number;
    readonly entries: number[];
  }[];
}

export const sidecarOf = ({ file }: Pick<Segment, "file">): string => file.replace(/\.segment$/, ".index");

export async function writeSidecar(files: Files, segment: Segment): Promise<void> {
  const index: StoredIndex = {
    length: segment.length,
    head: await headOf(files, segment),
    firstStoredAtMs: segment.firstStoredAtMs ?? null,
    lastStoredAtMs: segment.lastStoredAtMs,
    ranges: [...segment.ranges.values()].map(({ segment: _, unindexedBytes: __, ...range }) => range),
  };
  const json = JSON.stringify(index);
  const path = sidecarOf(segment);
  files.remove(path);
  const fd = files.open(path, "wx+");
  try {
    await files.write(fd, Buffer.from(`${crc32(json)}\n${json}`), 0);
  } finally {
    files.close(fd);
  }
}

/** Fills a segment from its sidecar; false when there is none that fits a file of this length. */
export async function readSidecar(files: Files, into: Segment, fileLength: number): Promise<boolean> {
  try {
    const path = sidecarOf(into);
    const text = (await bytesOf(files, path, fileSize(path))).toString("utf8");
    const newline = text.indexOf("\n");
    const json = text.slice(newline + 1);
    if (text.slice(0, newline) !== String(crc32(json))) return false;
    const index = JSON.parse(json) as StoredIndex;
    if (index.length !== fileLength || index.head !== (await headOf(files, into))) return false;
    into.length = fileLength;
    into.firstStoredAtMs = index.firstStoredAtMs ?? undefined;
    into.lastStoredAtMs = index.lastStoredAtMs;
    for (const range of index.ranges)
      into.ranges.set(partitionKey(range.topicId, range.partition), { ...range, segment: into, unindexedBytes: 0 });
    return true;
  } catch {
    return false;
  }
}

const headOf = async (files: Files, { file }: Segment) => crc32(await bytesOf(files, file, HEADER_BYTES));

async function bytesOf(files: Files, path: string, length: number): Promise<Buffer> {
  const fd = files.open(path, "r");
  try {
    return await files.read(fd, 0, length);
  } finally {
    files.close(fd);
  }
}
