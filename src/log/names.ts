/**
 * Streams live in the log beside topics, under internal names, so that the two name spaces never meet:
 * stream `s` is topic `__stream.s`, its shard n is partition n.
 */
const STREAM_PREFIX = "__stream.";

export const streamTopic = (stream: string): string => STREAM_PREFIX + stream;

/** The stream kept under an internal topic name, or undefined for any other topic. */
export const streamOf = (topic: string): string | undefined =>
  topic.startsWith(STREAM_PREFIX) ? topic.slice(STREAM_PREFIX.length) : undefined;

/** Internal topics are not shown by the topic APIs and not writable through them. */
export const isInternalTopic = (topic: string): boolean => topic.startsWith("__");

/** Names of folders, which topics and streams become when they are landed, that lead elsewhere. */
const isFolderStep = (name: string): boolean => name === "." || name === "..";

/** Kafka's rule: 1 to 249 of `[a-zA-Z0-9._-]`, not `.` and not `..`; the same for a stream behind its prefix. */
export const isTopicName = (topic: string): boolean =>
  /^[a-zA-Z0-9._-]{1,249}$/.test(topic) && !isFolderStep(streamOf(topic) ?? topic);
