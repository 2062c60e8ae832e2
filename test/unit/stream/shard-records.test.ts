import { describe, expect, it } from "vitest";
import { linesOf, parseEnvelope } from "../../../src/stream/shard-records.ts";

const parsed = (line: string) => {
  const record = parseEnvelope(Buffer.from(line));
  if (record === undefined) return undefined;
  const { key, value } = record;
  return [key === null ? null : Buffer.from(key).toString(), value === null ? null : Buffer.from(value).toString()];
};

const unended = () => new Error("it does not end");

describe("a line of a stream's object", () => {
  it.each([
    ['{"partitionKey":"k","value":{"a":1.0}}', ["k", '{"a":1.0}']],
    ['{"partitionKey":"k","value":"}"}', ["k", '"}"']],
    ['{"partitionKey":"quote \\" and ,\\"value\\": \\\\","value":[]}', ['quote " and ,"value": \\', "[]"]],
    ['{"partitionKey":null,"value":{}}', [null, "{}"]],
    ['{"partitionKey":"k","value":null}', ["k", null]],
    ['{"partitionKey":"k","base64":"aGk="}', ["k", "hi"]],
    ['{"partitionKey":"","base64":""}', ["", ""]],
  ])("%s gives the record back", (line, expected) => {
    expect(parsed(line)).toEqual(expected);
  });

  it.each([
    "",
    "{}",
    '{"partitionKey":',
    '{"partitionKey":"k',
    '{"partitionKey":"k\\',
    '{"partitionKey":"\\x","value":{}}',
    '{"partitionKey":"k","other":{}}',
    '{"partitionKey":nul,"value":{}}',
    '{"value":1,"partitionKey":"k"}',
  ])("%s is none", (line) => {
    expect(parsed(line)).toBeUndefined();
  });

  it("is found wherever the body is cut", async () => {
    const body = Buffer.from("one\n\ntwo\nthree\n");
    for (let size = 1; size <= body.length; size++) {
      const found: string[] = [];
      for await (const lines of linesOf(pieces(body, size), unended)) found.push(...lines.map(String));
      expect(found).toEqual(["one", "", "two", "three"]);
    }
  });

  it("must end", async () => {
    const found: string[] = [];
    const read = (async () => {
      for await (const lines of linesOf(pieces(Buffer.from("one\ntw"), 3), unended)) found.push(...lines.map(String));
    })();
    await expect(read).rejects.toThrow("it does not end");
    expect(found).toEqual(["one"]);
  });
});

async function* pieces(body: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}
