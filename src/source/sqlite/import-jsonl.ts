import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { SourceRow, SourceTable, SourceValue } from "../../define/source.ts";
import { PinlakeError } from "../../errors.ts";
import { type CreatedTable, writeSource } from "./create.ts";

/** The columns that a table's rows may be found by, the first that every row has. */
const KEYS = ["index", "ind"];
const FILE = /^(?<table>.+)[.]jsonl(?<gzip>[.]gz)?$/;
const DATETIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}$/;

export interface ImportOptions {
  /** Holds `<table>.jsonl` or `<table>.jsonl.gz`, one object a line. */
  readonly folder: string;
  /** The source file to make. */
  readonly into: string;
  readonly replace?: boolean;
  readonly signal?: AbortSignal;
}

/** Makes a source of a folder of JSON Lines files; column types follow from the values. Throws SOURCE_INVALID, SOURCE_EXISTS. */
export async function importJsonl({ folder, into, replace, signal }: ImportOptions): Promise<readonly CreatedTable[]> {
  const files = await jsonlFiles(folder);
  const tables: SourceTable[] = [];
  for (const { table, path } of files) tables.push(await inferTable(table, path, signal));
  return writeSource(tables, allRows(files, signal), {
    path: into,
    ...(replace === undefined ? {} : { replace }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function* allRows(files: readonly { readonly table: string; readonly path: string }[], signal?: AbortSignal) {
  for (const { table, path } of files)
    for await (const object of objectsOf(path, signal)) {
      const row: SourceRow = Object.fromEntries(
        Object.entries(object).map(([name, value]) => [name, sourceValue(value)]),
      );
      yield { table, row };
    }
}

async function jsonlFiles(folder: string): Promise<{ readonly table: string; readonly path: string }[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new PinlakeError("SOURCE_INVALID", { path: folder, reason: (cause as Error).message }, { cause });
  }
  const files = names.sort().flatMap((name) => {
    const table = FILE.exec(name)?.groups?.table;
    return table === undefined ? [] : [{ table, path: join(folder, name) }];
  });
  if (files.length > 0) return files;
  throw new PinlakeError("SOURCE_INVALID", { path: folder, reason: "it holds no <table>.jsonl or <table>.jsonl.gz" });
}

async function* objectsOf(path: string, signal?: AbortSignal): AsyncGenerator<Record<string, unknown>> {
  const file = createReadStream(path);
  let input: Readable = file;
  if (path.endsWith(".gz")) input = file.on("error", (error) => input.destroy(error)).pipe(createGunzip());
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      signal?.throwIfAborted();
      number++;
      if (line.trim() === "") continue;
      const value = parseLine(line);
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("it is no JSON object");
      yield value as Record<string, unknown>;
    }
  } catch (cause) {
    if (signal?.aborted || cause instanceof PinlakeError) throw cause;
    throw new PinlakeError(
      "SOURCE_INVALID",
      { path, reason: `line ${number}: ${(cause as Error).message}` },
      { cause },
    );
  } finally {
    file.destroy();
  }
}

/** As JSON.parse, but integers beyond 2^53 keep every digit. */
function parseLine(line: string): unknown {
  if (!/\d{16}/.test(line)) return JSON.parse(line);
  return JSON.parse(line, (_key, value: unknown, context?: { readonly source?: string }) => {
    const digits = context?.source ?? "";
    return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(digits) ? BigInt(digits) : value;
  });
}

type Kind = SourceTable["columns"][number]["type"];

async function inferTable(name: string, path: string, signal?: AbortSignal): Promise<SourceTable> {
  const kinds = new Map<string, Kind | undefined>();
  const present = new Map<string, number>();
  let rows = 0;
  for await (const object of objectsOf(path, signal)) {
    rows++;
    for (const [column, value] of Object.entries(object)) {
      const kind = kindOf(value);
      const known = kinds.get(column);
      kinds.set(column, known === undefined || kind === undefined ? (known ?? kind) : widest(known, kind));
      if (value !== null) present.set(column, (present.get(column) ?? 0) + 1);
    }
  }
  const key = KEYS.find((column) => rows > 0 && present.get(column) === rows);
  if (key === undefined)
    throw new PinlakeError("SOURCE_INVALID", { path, reason: `not every row has ${KEYS.join(" or ")}` });
  return { name, key, columns: [...kinds].map(([column, kind]) => ({ name: column, type: kind ?? "text" })) };
}

function kindOf(value: unknown): Kind | undefined {
  if (value === null) return undefined;
  if (typeof value === "bigint") return "integer";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "real";
  return typeof value === "string" && DATETIME.test(value) ? "datetime" : "text";
}

function widest(a: Kind, b: Kind): Kind {
  if (a === b) return a;
  const numeric = (kind: Kind) => kind === "integer" || kind === "real";
  return numeric(a) && numeric(b) ? "real" : "text";
}

function sourceValue(value: unknown): SourceValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    return value;
  return JSON.stringify(value);
}
