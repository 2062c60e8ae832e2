import { type Files, fileSize, nodeFiles } from "./files.ts";
import { blocksOf, jsonOf, RECORDS, TOPICS } from "./frame.ts";
import { segmentsIn } from "./recover.ts";
import { findLaterFrame, scanFrames } from "./scan.ts";
import { partitionKey } from "./segment.ts";
import { parseTopics } from "./topics-json.ts";

export interface LogDamage {
  readonly file: string;
  readonly position: number;
  readonly reason: string;
}

/**
 * Reads every frame of a log folder and its checksum; yields each damaged place and each gap between offsets that
 * must be there. Changes nothing. A torn end of the last segment is no damage: the next start cuts it.
 */
export async function* verifyLog(folder: string, files: Files = nodeFiles): AsyncGenerator<LogDamage> {
  const segments = segmentsIn(folder);
  /** Per partition: where its records go on, as far as was read. */
  const reached = new Map<string, number>();
  const gaps: (LogDamage & { readonly key: string; readonly upTo: number })[] = [];
  const starts = new Map<string, number>();
  const reach = (key: string, upTo: number, file: string, position: number) => {
    const from = reached.get(key) ?? 0;
    if (upTo > from) {
      const reason = `offsets ${from} to ${upTo - 1} of topic number/partition ${key} are missing before it`;
      gaps.push({ file, position, reason, key, upTo });
    }
    reached.set(key, Math.max(from, upTo));
  };
  for (const { file } of segments) {
    const last = file === segments.at(-1)?.file;
    const size = fileSize(file);
    const fd = files.open(file, "r");
    const read = (position: number, length: number) => files.read(fd, position, length);
    try {
      for (let from = 0; from < size; ) {
        const end = await scanFrames(read, from, size, (frame, position) => {
          if (frame.kind === TOPICS)
            for (const { state, logs } of parseTopics(jsonOf(frame)))
              for (const log of logs) {
                const key = partitionKey(state.id, log.partition);
                starts.set(key, log.start);
                reach(key, log.end, file, position);
              }
          if (frame.kind === RECORDS)
            for (const { topicId, partition, base, count } of blocksOf(frame)) {
              const key = partitionKey(topicId, partition);
              reach(key, base, file, position);
              reached.set(key, base + count);
            }
          return true;
        });
        if (end.damage === undefined) break;
        const later = await findLaterFrame(read, end.position, size, undefined);
        if (later !== undefined || !last) yield { file, position: end.position, reason: end.damage };
        from = later ?? size;
      }
    } finally {
      files.close(fd);
    }
  }
  // What retention removed is missing rightly: the starts say so, and the last ones count.
  for (const { key, upTo, ...damage } of gaps) if ((starts.get(key) ?? 0) < upTo) yield damage;
  if (segments.length === 0) yield { file: folder, position: 0, reason: "the folder holds no segment" };
}
