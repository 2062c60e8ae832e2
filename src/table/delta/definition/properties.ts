import { PinlakeError } from "../../../errors.ts";
import { intervalMs } from "../log/retention.ts";

type Rule = readonly [needs: string, allows: (value: string) => boolean];

const BOOLEAN: Rule = ["true or false", (value) => /^(true|false)$/i.test(value)];
const INTERVAL: Rule = ["an interval such as interval 7 days", (value) => intervalMs(value) !== undefined];
const TEXT: Rule = ["a text", () => true];
const wholeFrom = (least: number): Rule => [
  `a whole number from ${least} on`,
  (value) => /^-?[0-9]{1,9}$/.test(value) && Number(value) >= least,
];
const oneOf = (...values: readonly string[]): Rule => [values.join(" or "), (value) => values.includes(value)];

/** The properties that Delta knows, without their prefix. */
const KNOWN: Readonly<Record<string, Rule>> = {
  appendOnly: BOOLEAN,
  "autoOptimize.autoCompact": oneOf("true", "false", "auto", "legacy"),
  "autoOptimize.optimizeWrite": BOOLEAN,
  autoOptimize: BOOLEAN,
  "checkpoint.writeStatsAsJson": BOOLEAN,
  "checkpoint.writeStatsAsStruct": BOOLEAN,
  checkpointInterval: wholeFrom(1),
  checkpointPolicy: oneOf("classic", "v2"),
  checkpointRetentionDuration: INTERVAL,
  "columnMapping.mode": oneOf("none", "name", "id"),
  "compatibility.symlinkFormatManifest.enabled": BOOLEAN,
  dataSkippingNumIndexedCols: wholeFrom(-1),
  dataSkippingStatsColumns: TEXT,
  deletedFileRetentionDuration: INTERVAL,
  enableChangeDataFeed: BOOLEAN,
  enableDeletionVectors: BOOLEAN,
  enableExpiredLogCleanup: BOOLEAN,
  enableFullRetentionRollback: BOOLEAN,
  enableIcebergCompatV1: BOOLEAN,
  enableIcebergCompatV2: BOOLEAN,
  enableInCommitTimestamps: BOOLEAN,
  enableRowTracking: BOOLEAN,
  enableTypeWidening: BOOLEAN,
  isolationLevel: oneOf("Serializable", "WriteSerializable"),
  logRetentionDuration: INTERVAL,
  randomPrefixLength: wholeFrom(1),
  randomizeFilePrefixes: BOOLEAN,
  sampleRetentionDuration: INTERVAL,
  setTransactionRetentionDuration: INTERVAL,
  targetFileSize: TEXT,
  tuneFileSizesForRewrites: BOOLEAN,
};

/** What follows from other properties and from the commits. */
const KEPT_BY_WRITERS = [
  "columnMapping.maxColumnId",
  "inCommitTimestampEnablementTimestamp",
  "inCommitTimestampEnablementVersion",
];
/** Names that say what they are about: a constraint, or a feature that the protocol is to allow. */
const CONSTRAINT = /^constraints[.]./;
const FEATURE = /^feature[.]./;

/**
 * Throws USAGE for a property of Delta's with a value that it cannot have, for one that writers keep by themselves, and for
 * one that Delta does not know. Names that do not start with `delta.` are free.
 */
export function checkProperties(properties: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(properties)) {
    const problem = typeof value === "string" ? problemOf(name, value) : "needs a text as its value";
    if (problem !== undefined)
      throw new PinlakeError("USAGE", { message: `The table property ${name} = ${JSON.stringify(value)} ${problem}.` });
  }
}

function problemOf(name: string, value: string): string | undefined {
  if (!/^delta[.]/i.test(name)) return undefined;
  const short = name.slice("delta.".length);
  if (CONSTRAINT.test(short)) return undefined;
  if (KEPT_BY_WRITERS.includes(short)) return "cannot be set: writers keep it by themselves";
  const rule = FEATURE.test(short) ? oneOf("supported", "enabled") : KNOWN[short];
  if (rule === undefined || !name.startsWith("delta."))
    return "is none that Delta knows: names of your own must not start with delta";
  const [needs, allows] = rule;
  return allows(value) ? undefined : `needs ${needs}`;
}

/** Like checkProperties, for a table that may have rows already: these must be looked at before a constraint can hold. */
export function checkSettable(properties: Readonly<Record<string, string>>): void {
  const constraint = Object.keys(properties).find(isConstraint);
  if (constraint !== undefined)
    throw new PinlakeError("USAGE", {
      message: `${constraint} cannot be set as a property of a table that is there: add it as a constraint.`,
    });
  checkProperties(properties);
}

/** Throws USAGE for what is no mere property. */
export function checkUnsettable(names: readonly string[]): void {
  const kept = names.find((name) => isConstraint(name) || KEPT_BY_WRITERS.some((own) => name === `delta.${own}`));
  if (kept === undefined) return;
  const instead = isConstraint(kept) ? "drop the constraint instead" : "writers keep it by themselves";
  throw new PinlakeError("USAGE", { message: `The table property ${kept} cannot be unset: ${instead}.` });
}

const isConstraint = (name: string) => name.startsWith("delta.constraints.");
