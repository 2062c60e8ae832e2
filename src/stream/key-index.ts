import type { SqlValue } from "../engine/query-engine.ts";
import type { DataType } from "../engine/schema.ts";
import type { Position } from "../record.ts";
import { chunkedUint32 } from "./chunked-uint32.ts";
import { fileNames } from "./file-names.ts";
import { integerKeyMap, type KeyMap, split } from "./integer-key-map.ts";
import { textKeyMap } from "./text-key-map.ts";

/** Where the stored row of a key is: the record it came from and the table's file that holds it. */
export interface StoredRow {
  readonly position: Position;
  readonly file: string;
}

/**
 * Every key of a clean table at one version. With it a micro-batch knows before it writes which of its rows are new,
 * which are older than the stored ones, and which files hold those it replaces. Derived: loaded from the table.
 */
export interface KeyIndex {
  readonly size: number;
  get(key: SqlValue): StoredRow | undefined;
  set(key: SqlValue, row: StoredRow): void;
  /** What the file held is in that one now. */
  fileMoved(path: string, to: string): void;
}

export function keyIndex(keyType: DataType): KeyIndex {
  const rows = keyMap(keyType);
  const files = fileNames();
  const sources = sourceNumbers();
  const [file, source, offsetHigh, offsetLow] = [chunkedUint32(), chunkedUint32(), chunkedUint32(), chunkedUint32()];
  return {
    get size() {
      return rows.size;
    },
    get(key) {
      const row = rows.find(key);
      if (row < 0) return undefined;
      const { topic, partition } = sources.at(source.get(row));
      const offset = join(offsetHigh.get(row), offsetLow.get(row));
      return { position: { topic, partition, offset }, file: files.pathOf(file.get(row)) };
    },
    set(key, { position, file: path }) {
      const row = rows.findOrAdd(key);
      const [high, low] = split(position.offset);
      file.set(row, files.numberOf(path));
      source.set(row, sources.of(position));
      offsetHigh.set(row, high);
      offsetLow.set(row, low);
    },
    fileMoved: (path, to) => files.moved(path, to),
  };
}

const integerTypes: readonly DataType[] = ["long", "integer", "short", "byte"];

function keyMap(keyType: DataType): KeyMap<SqlValue> {
  if (integerTypes.includes(keyType)) return integerKeyMap() as KeyMap<SqlValue>;
  const texts = textKeyMap();
  return {
    get size() {
      return texts.size;
    },
    find: (key) => texts.find(String(key)),
    findOrAdd: (key) => texts.findOrAdd(String(key)),
  };
}

function sourceNumbers() {
  const numbers = new Map<string, number>();
  const known: Pick<Position, "topic" | "partition">[] = [];
  return {
    at: (number: number) => known[number] as Pick<Position, "topic" | "partition">,
    of({ topic, partition }: Position): number {
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
