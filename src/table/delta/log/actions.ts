import { constants, isUtf8 } from "node:buffer";
import { PinlakeError } from "../../../errors.ts";

/** What a commit file may hold, one per line (Delta protocol, "Actions"). Fields that we do not know are kept. */
export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[] | null;
  readonly writerFeatures?: readonly string[] | null;
}

export interface MetaData {
  readonly id: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly format: { readonly provider: string; readonly options: Readonly<Record<string, string>> };
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  readonly createdTime?: number | null;
}

export interface DeletionVector {
  readonly storageType: string;
  readonly pathOrInlineDv: string;
  readonly offset?: number | null;
  readonly sizeInBytes: number;
  readonly cardinality: number;
}

export interface AddFile {
  /** Relative to the table, percent-encoded as a URI. */
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly size: number;
  readonly modificationTime: number;
  readonly dataChange: boolean;
  /** JSON. */
  readonly stats?: string | null;
  readonly tags?: Readonly<Record<string, string>> | null;
  readonly deletionVector?: DeletionVector | null;
}

export interface RemoveFile {
  readonly path: string;
  readonly deletionTimestamp?: number | null;
  readonly dataChange: boolean;
  readonly extendedFileMetadata?: boolean | null;
  readonly partitionValues?: Readonly<Record<string, string | null>> | null;
  readonly size?: number | null;
  readonly deletionVector?: DeletionVector | null;
}

/** A file of rows that a version changed (Delta protocol, "Add CDC File"). */
export interface ChangeFile {
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly size: number;
  readonly dataChange: false;
}

export interface SetTransaction {
  readonly appId: string;
  readonly version: bigint;
  readonly lastUpdated?: number | null;
}

/** A file of a v2 checkpoint with actions of files. */
export interface Sidecar {
  /** Its name in `_sidecars`, percent-encoded. */
  readonly path: string;
}

export interface DomainMetadata {
  readonly domain: string;
  readonly configuration: string;
  readonly removed: boolean;
}

export interface CommitInfo {
  readonly timestamp?: number;
  /** Rises from version to version, in tables that have it. */
  readonly inCommitTimestamp?: number;
  readonly operation?: string;
  readonly operationParameters?: Readonly<Record<string, unknown>>;
  readonly operationMetrics?: Readonly<Record<string, string>>;
  readonly readVersion?: number;
  readonly isolationLevel?: string;
  readonly isBlindAppend?: boolean;
  readonly engineInfo?: string;
  readonly txnId?: string;
}

/** The actions of one version by kind; their order within a version has no meaning. */
export interface CommitActions {
  readonly protocol?: Protocol;
  readonly metaData?: MetaData;
  readonly adds: readonly AddFile[];
  readonly removes: readonly RemoveFile[];
  readonly txns: readonly SetTransaction[];
  readonly domains: readonly DomainMetadata[];
  /** Written only: who reads a version's rows does without. */
  readonly changes?: readonly ChangeFile[];
  readonly commitInfo?: CommitInfo;
  /** Of a checkpoint. */
  readonly sidecars?: readonly Sidecar[];
}

// 64-bit versions do not fit a number: they are written and read digit by digit.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
const exactVersion = (key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  key === "version" && context?.source !== undefined ? BigInt(context.source) : value;

/** JSON with a `version` that is read as a bigint, wherever it stands. */
export const exactVersions = (text: string): unknown =>
  JSON.parse(text, exactVersion as (key: string, value: unknown) => unknown);

/** The text of a commit file, commitInfo first. */
export function formatCommit(actions: CommitActions): string {
  const { protocol, metaData, adds, removes, txns, domains, changes = [], commitInfo } = actions;
  const lines: unknown[] = [];
  if (commitInfo !== undefined) lines.push({ commitInfo });
  if (protocol !== undefined) lines.push({ protocol });
  if (metaData !== undefined) lines.push({ metaData });
  for (const txn of txns) lines.push({ txn: { ...txn, version: rawJSON(txn.version.toString()) } });
  for (const domainMetadata of domains) lines.push({ domainMetadata });
  for (const remove of removes) lines.push({ remove });
  for (const add of adds) lines.push({ add });
  for (const cdc of changes) lines.push({ cdc });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/**
 * Reads a commit file. Unknown kinds of action are skipped; a line that is no JSON object is TABLE_CORRUPT, and so is a
 * file without any. `once`: so is another protocol or metaData, of which a commit's last counts.
 */
export function parseCommit(
  body: Uint8Array,
  source: { readonly table: string; readonly file: string },
  { once = false } = {},
): CommitActions {
  if (!isUtf8(body)) throw new PinlakeError("TABLE_CORRUPT", { ...source, reason: "it is no UTF-8" });
  const adds: AddFile[] = [];
  const removes: RemoveFile[] = [];
  const txns: SetTransaction[] = [];
  const domains: DomainMetadata[] = [];
  const sidecars: Sidecar[] = [];
  let single: Pick<CommitActions, "protocol" | "metaData" | "commitInfo"> = {};
  let lineNumber = 0;
  let empty = true;
  for (const line of linesOf(body, source)) {
    lineNumber++;
    if (line.trim() === "") continue;
    empty = false;
    const action = parseLine(line, lineNumber, source);
    if (once && ((action.protocol && single.protocol) || (action.metaData && single.metaData)))
      throw new PinlakeError("TABLE_CORRUPT", { ...source, reason: `line ${lineNumber}: the same was there before` });
    if (action.add != null) adds.push(slim(action.add));
    else if (action.remove != null) removes.push(action.remove);
    else if (action.txn != null) txns.push(parseTxn(line));
    else if (action.domainMetadata != null) domains.push(action.domainMetadata);
    else if (action.protocol != null) single = { ...single, protocol: action.protocol };
    else if (action.metaData != null) single = { ...single, metaData: action.metaData };
    else if (action.sidecar != null) sidecars.push(action.sidecar);
    else if (action.commitInfo != null) single = { ...single, commitInfo: action.commitInfo };
  }
  if (empty) throw new PinlakeError("TABLE_CORRUPT", { ...source, reason: "it is empty" });
  return { ...single, adds, removes, txns, domains, ...(sidecars.length === 0 ? {} : { sidecars }) };
}

const UNPARTITIONED: AddFile["partitionValues"] = Object.freeze({});

/** Of a million files each byte counts: what is null or empty takes no room of its own. */
export function slim(add: AddFile): AddFile {
  const { path, partitionValues, size, modificationTime, dataChange, ...rest } = add;
  const isBare = partitionValues != null && Object.keys(partitionValues).length === 0;
  const common = {
    path,
    partitionValues: isBare ? UNPARTITIONED : partitionValues,
    size,
    modificationTime,
    dataChange,
    ...(rest.stats == null ? {} : { stats: rest.stats }),
  };
  const others = Object.entries(rest).filter(([name, value]) => value !== null && name !== "stats");
  return others.length === 0 ? common : { ...common, ...Object.fromEntries(others) };
}

/** One after the other: a large file's text and all of its lines at once are several times its size. */
function* linesOf(body: Uint8Array, source: { readonly table: string; readonly file: string }): Generator<string> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let lineNumber = 0;
  for (let at = 0; at < bytes.length; ) {
    const next = bytes.indexOf(NEWLINE, at);
    const end = next < 0 ? bytes.length : next;
    lineNumber++;
    if (end - at > constants.MAX_STRING_LENGTH) {
      const reason = `line ${lineNumber}: it has ${end - at} bytes, more than can be read`;
      throw new PinlakeError("TABLE_CORRUPT", { ...source, reason });
    }
    yield bytes.toString("utf8", at, end);
    at = end + 1;
  }
}

const NEWLINE = 10;

interface ActionLine {
  readonly add?: AddFile | null;
  readonly remove?: RemoveFile | null;
  readonly txn?: object | null;
  readonly domainMetadata?: DomainMetadata | null;
  readonly protocol?: Protocol | null;
  readonly metaData?: MetaData | null;
  readonly commitInfo?: CommitInfo | null;
  readonly sidecar?: Sidecar | null;
}

function parseLine(line: string, lineNumber: number, source: { table: string; file: string }): ActionLine {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return checkedPaths(value as ActionLine);
    throw new Error("it is no JSON object");
  } catch (cause) {
    const reason = `line ${lineNumber}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new PinlakeError("TABLE_CORRUPT", { ...source, reason }, { cause });
  }
}

function checkedPaths(action: ActionLine): ActionLine {
  for (const file of [action.add, action.remove])
    if (file != null && typeof file.path !== "string") throw new Error("a file has no path");
  return action;
}

const parseTxn = (line: string): SetTransaction => (exactVersions(line) as { txn: SetTransaction }).txn;

/** What identifies a data file among the actions: its decoded path and its deletion vector. */
export function fileKey(file: Pick<AddFile, "path" | "deletionVector">): string {
  const path = decodePath(file.path);
  const dv = file.deletionVector;
  if (dv == null) return path;
  return `${path}\n${dv.storageType}${dv.pathOrInlineDv}${dv.offset == null ? "" : `@${dv.offset}`}`;
}

/** Relative to the table, or absolute; another URI stays what it is. */
export function decodePath(path: string): string {
  if (/^file:/i.test(path)) return decoded(path.replace(/^file:(\/\/(localhost)?)?(?=\/)/i, ""));
  return decoded(path);
}

function decoded(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
