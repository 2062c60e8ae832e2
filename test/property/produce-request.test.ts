import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isPinlakeError } from "../../src/errors.ts";
import { parseProduceRequest } from "../../src/gateway/kafka-rest/produce-request.ts";
import { runs } from "../support/run-length.ts";

const values = [
  { index: 7528, title: "Åse’s “best” \n idea", follower_count: "124k", tags: [1, 2.5, -3e9, null, true, { a: [] }] },
  "plain",
  null,
  [[1, "two"], {}],
];
const body = (indent: number) =>
  Buffer.from(
    JSON.stringify({ records: values.map((value, i) => ({ key: `k${i}`, value, partition: i })) }, null, indent),
  );
const whole = [body(0), body(1)];

const edit = fc.record({
  at: fc.nat(),
  cut: fc.nat(3),
  piece: fc.oneof(
    fc.constantFrom(...'{}[],:"\\ 0-.eé'.split("")).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
  ),
});
const edited = fc.tuple(fc.constantFrom(...whole), fc.array(edit, { maxLength: 3 })).map(([text, edits]) =>
  edits.reduce((bytes, { at, cut, piece }) => {
    const i = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, i), piece, bytes.subarray(i + cut)]);
  }, text),
);

const parsed = (bytes: Buffer) => {
  try {
    return isUtf8(bytes) ? { request: JSON.parse(bytes.toString()) } : undefined;
  } catch {
    return undefined;
  }
};

it("takes from a body what JSON.parse sees in it, however the body was damaged", () => {
  let taken = 0;
  fc.assert(
    fc.property(edited, (bytes) => {
      const seen = parsed(bytes);
      let records: ReturnType<typeof parseProduceRequest>;
      try {
        records = parseProduceRequest(bytes, "json", { timestampMs: 0 });
      } catch (error) {
        if (isPinlakeError(error, "REQUEST_NOT_JSON")) expect(seen, bytes.toString()).toBeUndefined();
        else expect(isPinlakeError(error) && seen !== undefined, bytes.toString()).toBe(true);
        return;
      }
      taken++;
      expect(records.map(({ key, value, partition }) => ({ key: text(key), value: text(value), partition }))).toEqual(
        seen?.request.records.map((record: Record<string, unknown>) => ({
          key: record.key ?? null,
          value: record.value ?? null,
          partition: record.partition ?? undefined,
        })),
      );
    }),
    runs(5000),
  );
  expect(taken).toBeGreaterThan(500);
});

const text = (bytes: Uint8Array | null) => (bytes === null ? null : JSON.parse(Buffer.from(bytes).toString()));

it("reads on behind large values with spaces, for which it needs more memory than the request took", () => {
  const value = (n: number) => Array.from({ length: 40_000 }, (_, i) => ({ n, i }));
  const request = { records: [1, 2, 3].map((n) => ({ value: value(n), key: n })) };
  const records = parseProduceRequest(Buffer.from(JSON.stringify(request, null, 2)), "json", { timestampMs: 0 });
  expect(records.map((record) => String(record.value))).toEqual([1, 2, 3].map((n) => JSON.stringify(value(n))));
  expect(records.map((record) => String(record.key))).toEqual(["1", "2", "3"]);
});
