import type { SqlValue } from "../engine/query-engine.ts";
import type { DataType } from "../engine/schema.ts";
import type { Position } from "../record.ts";
import { chunkedUint32 } from "./chunked-uint32.ts";
import { fileNames } from "./file-names.ts";
import { type IntegerKeyMap, integerKeyMap, type KeyMap, split } from "./integer-key-map.ts";
import { textKeyMap } from "./text-key-map.ts";

/** Where the stored row of a key is: the record it came from, the table's file that holds it, and its number there. */
export interface StoredRow {
  readonly position: Position;
  readonly file: string;
  /** Counted from 0. */
  readonly row: number;
}

/** Rows column by column. Keys and offsets are 64-bit integers in halves: the upper ones with their sign, the lower ones less 2^31. */
export interface StoredRows {
  readonly source: Pick<Position, "topic" | "partition">;
  readonly file: string;
  readonly keyHigh: readonly number[];
  readonly keyLow: readonly number[];
  readonly offsetHigh: readonly number[];
  readonly offsetLow: readonly number[];
  readonly row: readonly number[];
}

/**
 * Every key of a clean table at one version. With it a micro-batch knows before it writes which of its rows are new,
 * which are older than the stored ones, and where those lie that it replaces. Derived: loaded from the table.
 */
export interface KeyIndex {
  readonly size: number;
  get(key: SqlValue): StoredRow | undefined;
  set(key: SqlValue, row: StoredRow): void;
  /** The same for many rows of one file and source at once; undefined where keys are no integers. */
  readonly setMany: ((rows: StoredRows) => void) | undefined;
  /** The number by which it knows a key for as long as it lives; -1 when it does not know the key. */
  numberOf(key: SqlValue): number;
  /** Of rows with the keys of these numbers, read from these files at an earlier version, the places among them of those that have left the files since. */
  replacedIn(files: readonly string[], keys: readonly number[]): number[];
  /** The rows of these files are in that one now, in the order of these numbers, but for those that have left the files since. */
  joined(files: readonly string[], to: string, keys: readonly number[]): void;
  /** No row of the table lies in the file any more. */
  fileGone(path: string): void;
}

export function keyIndex(keyType: DataType): KeyIndex {
  const integers = integerTypes.includes(keyType) ? integerKeyMap() : undefined;
  const rows = (integers as KeyMap<SqlValue> | undefined) ?? texts();
  const files = fileNames();
  const sources = sourceNumbers();
  const [file, number, source] = [chunkedUint32(), chunkedUint32(), chunkedUint32()];
  const [offsetHigh, offsetLow] = [chunkedUint32(), chunkedUint32()];
  function setMany(keys: IntegerKeyMap, { source: from, file: path, ...many }: StoredRows): void {
    const [fileNumber, sourceNumber] = [files.numberOf(path), sources.of(from)];
    for (let i = 0; i < many.row.length; i++) {
      const row = keys.findOrAddHalves((many.keyHigh[i] as number) >>> 0, ((many.keyLow[i] as number) + 2 ** 31) >>> 0);
      file.set(row, fileNumber);
      number.set(row, many.row[i] as number);
      source.set(row, sourceNumber);
      offsetHigh.set(row, (many.offsetHigh[i] as number) >>> 0);
      offsetLow.set(row, ((many.offsetLow[i] as number) + 2 ** 31) >>> 0);
    }
  }

  /** Whether a row is in these files now: most of a file's rows are in the same one as the row before, which is quicker seen. */
  function inFiles(paths: readonly string[]): (row: number) => boolean {
    const these = new Set(paths.map(files.numberOf));
    let last = -1;
    return (row) => {
      if (row < 0) return false;
      const number = file.get(row);
      if (number !== last && !these.has(number)) return false;
      last = number;
      return true;
    };
  }

  return {
    get size() {
      return rows.size;
    },
    get(key) {
      const row = rows.find(key);
      if (row < 0) return undefined;
      const { topic, partition } = sources.at(source.get(row));
      const offset = join(offsetHigh.get(row), offsetLow.get(row));
      return { position: { topic, partition, offset }, file: files.pathOf(file.get(row)), row: number.get(row) };
    },
    set(key, { position, file: path, row: place }) {
      const row = rows.findOrAdd(key);
      const [high, low] = split(position.offset);
      file.set(row, files.numberOf(path));
      number.set(row, place);
      source.set(row, sources.of(position));
      offsetHigh.set(row, high);
      offsetLow.set(row, low);
    },
    setMany: integers && ((many) => setMany(integers, many)),
    numberOf: (key) => rows.find(key),
    replacedIn(paths, keys) {
      const isIn = inFiles(paths);
      const places: number[] = [];
      for (let place = 0; place < keys.length; place++) if (!isIn(keys[place] as number)) places.push(place);
      return places;
    },
    joined(paths, to, keys) {
      const isIn = inFiles(paths);
      const into = files.numberOf(to);
      for (let place = 0; place < keys.length; place++) {
        const row = keys[place] as number;
        if (!isIn(row)) continue;
        file.set(row, into);
        number.set(row, place);
      }
      for (const path of paths) files.forget(path);
    },
    fileGone: (path) => files.forget(path),
  };
}

const integerTypes: readonly DataType[] = ["long", "integer", "short", "byte"];

function texts(): KeyMap<SqlValue> {
  const keys = textKeyMap();
  return {
    get size() {
      return keys.size;
    },
    find: (key) => keys.find(String(key)),
    findOrAdd: (key) => keys.findOrAdd(String(key)),
  };
}

function sourceNumbers() {
  const numbers = new Map<string, number>();
  const known: Pick<Position, "topic" | "partition">[] = [];
  return {
    at: (number: number) => known[number] as Pick<Position, "topic" | "partition">,
    of({ topic, partition }: Pick<Position, "topic" | "partition">): number {
      const name = `${partition}/${topic}`;
      const found = numbers.get(name);
      if (found !== undefined) return found;
      numbers.set(name, known.length);
      return known.push({ topic, partition }) - 1;
    },
  };
}

const join = (high: number, low: number): bigint =>
  high < 2 ** 21 ? BigInt(high * 2 ** 32 + low) : BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
