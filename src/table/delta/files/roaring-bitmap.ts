/*
 * Row numbers as deletion vectors hold them (Delta protocol, "Deletion Vector Format"; RoaringFormatSpec), all numbers
 * little-endian:
 *
 *   array     = magic u32, count u64, count × (high 32 bits u32, bitmap)
 *   bitmap    = cookie, size × (high 16 bits u16, cardinality - 1 u16), offsets?, size × container
 *   cookie    = 12346 u32, size u32 | 12347 u16, size - 1 u16, a bit for every container that is of runs
 *   offsets   = size × u32, unless there are runs and fewer than 4 containers
 *   container = cardinality × u16 | 65,536 bits, from 4,097 values | count u16, count × (first u16, length - 1 u16)
 */
const MAGIC = 1681511377;
const NO_RUNS = 12346;
const RUNS = 12347;
const OFFSETS_FROM = 4;
const ARRAY_MAX = 4096;
const BITS = 65536;
const BITMAP_BYTES = BITS / 8;
const HIGH = 2 ** 32;

interface Cursor {
  readonly view: DataView;
  at: number;
}

const past = (cursor: Cursor, bytes: number): number => {
  cursor.at += bytes;
  return cursor.at - bytes;
};
const u16 = (cursor: Cursor) => cursor.view.getUint16(past(cursor, 2), true);
const u32 = (cursor: Cursor) => cursor.view.getUint32(past(cursor, 4), true);
const u64 = (cursor: Cursor) => cursor.view.getBigUint64(past(cursor, 8), true);

/** The row numbers, rising. Throws for whatever is not of the form, with fewer or more bytes, or not `cardinality` of them. */
export function parseRoaring(bytes: Uint8Array, cardinality: number): number[] {
  const cursor = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 };
  const magic = u32(cursor);
  if (magic !== MAGIC) throw new Error(`it begins with ${magic} instead of ${MAGIC}`);
  const rows: number[] = [];
  let before = -1;
  for (let left = u64(cursor); left > 0n; left--) {
    const high = u32(cursor);
    if (high <= before || high >= 2 ** 21) throw new Error(`a bitmap of the high bits ${high} after ${before}`);
    before = high;
    readBitmap(cursor, high * HIGH, rows, cardinality);
  }
  if (cursor.at !== bytes.length) throw new Error(`it ends after ${cursor.at} of ${bytes.length} bytes`);
  if (rows.length !== cardinality) throw new Error(`it has ${rows.length} rows instead of ${cardinality}`);
  return rows;
}

function readBitmap(cursor: Cursor, base: number, rows: number[], limit: number): void {
  const cookie = u32(cursor);
  const hasRuns = (cookie & 0xffff) === RUNS;
  if (!hasRuns && cookie !== NO_RUNS) throw new Error(`a bitmap begins with ${cookie}`);
  const size = hasRuns ? (cookie >>> 16) + 1 : u32(cursor);
  if (size > BITS) throw new Error(`a bitmap of ${size} containers`);
  const flagsAt = cursor.at;
  if (hasRuns) cursor.at += Math.ceil(size / 8);
  const isRun = (i: number) => hasRuns && (cursor.view.getUint8(flagsAt + (i >> 3)) & (1 << (i & 7))) !== 0;
  const containers: { high: number; count: number }[] = [];
  for (let i = 0; i < size; i++) {
    const container = { high: u16(cursor), count: u16(cursor) + 1 };
    if (container.high <= (containers.at(-1)?.high ?? -1)) throw new Error("its containers are not in order");
    containers.push(container);
  }
  if (!hasRuns || size >= OFFSETS_FROM) cursor.at += 4 * size;
  for (const [i, { high, count }] of containers.entries()) {
    // Before anything is read: damage must not become a list of any length.
    if (rows.length + count > limit) throw new Error(`it has more than ${limit} rows`);
    const from = rows.length;
    const read = isRun(i) ? readRuns : count > ARRAY_MAX ? readBits : readArray;
    read(cursor, base + high * BITS, rows, count);
    if (rows.length - from !== count) throw new Error(`a container has ${rows.length - from} rows instead of ${count}`);
  }
}

function readArray(cursor: Cursor, base: number, rows: number[], count: number): void {
  let before = -1;
  for (let i = 0; i < count; i++) {
    const value = u16(cursor);
    if (value <= before) throw new Error("the rows of a container are not in order");
    before = value;
    rows.push(base + value);
  }
}

function readBits(cursor: Cursor, base: number, rows: number[]): void {
  for (let i = 0; i < BITMAP_BYTES; i++) {
    const byte = cursor.view.getUint8(cursor.at++);
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) rows.push(base + i * 8 + bit);
  }
}

function readRuns(cursor: Cursor, base: number, rows: number[], count: number): void {
  let [before, total] = [-1, 0];
  for (let left = u16(cursor); left > 0; left--) {
    const first = u16(cursor);
    const length = u16(cursor) + 1;
    total += length;
    if (first <= before || first + length > BITS || total > count) throw new Error("the runs of a container overlap");
    before = first + length - 1;
    for (let i = 0; i < length; i++) rows.push(base + first + i);
  }
}

/** The bytes of row numbers in any order; none counts twice. Throws for what is no row number. */
export function formatRoaring(rows: Iterable<number>): Uint8Array {
  const sorted = Float64Array.from(rows);
  if (sorted.some((row, i) => row < (sorted[i - 1] ?? 0))) sorted.sort();
  const containers: { high: number; values: number[] }[] = [];
  for (const row of sorted) {
    if (!Number.isSafeInteger(row) || row < 0) throw new Error(`${row} is no row number`);
    const high = Math.floor(row / BITS);
    const last = containers.at(-1);
    if (last === undefined || last.high !== high) containers.push({ high, values: [row % BITS] });
    else if (last.values.at(-1) !== row % BITS) last.values.push(row % BITS);
  }
  const bitmaps = [...Map.groupBy(containers, ({ high }) => Math.floor(high / BITS))];
  const length = bitmaps.reduce(
    (sum, [, of]) => sum + 12 + of.reduce((bytes, { values }) => bytes + 8 + bytesOf(values), 0),
    12,
  );
  const view = new DataView(new ArrayBuffer(length));
  view.setUint32(0, MAGIC, true);
  view.setBigUint64(4, BigInt(bitmaps.length), true);
  let at = 12;
  for (const [high, of] of bitmaps) {
    view.setUint32(at, high, true);
    writeBitmap(view, at + 4, of);
    at += 12 + of.reduce((bytes, { values }) => bytes + 8 + bytesOf(values), 0);
  }
  return new Uint8Array(view.buffer);
}

const bytesOf = (values: readonly number[]) => (values.length > ARRAY_MAX ? BITMAP_BYTES : 2 * values.length);

function writeBitmap(view: DataView, start: number, containers: readonly { high: number; values: number[] }[]): void {
  view.setUint32(start, NO_RUNS, true);
  view.setUint32(start + 4, containers.length, true);
  let at = start + 8 + 8 * containers.length;
  for (const [i, { high, values }] of containers.entries()) {
    view.setUint16(start + 8 + 4 * i, high % BITS, true);
    view.setUint16(start + 10 + 4 * i, values.length - 1, true);
    view.setUint32(start + 8 + 4 * containers.length + 4 * i, at - start, true);
    if (values.length > ARRAY_MAX)
      for (const value of values)
        view.setUint8(at + (value >> 3), view.getUint8(at + (value >> 3)) | (1 << (value & 7)));
    else for (const [j, value] of values.entries()) view.setUint16(at + 2 * j, value, true);
    at += bytesOf(values);
  }
}
