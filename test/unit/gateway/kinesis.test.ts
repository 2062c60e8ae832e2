import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeSequenceNumber } from "../../../src/gateway/kinesis/sequence-number.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { type GatewayWorld, gatewayWorld } from "../../support/gateway.ts";
import { exchangeBytes } from "../../support/raw-http.ts";

const SEQUENCE_NUMBER = /^49\d{54}$/;

describe.each([
  { route: "the plain lane", plainLane: true },
  { route: "node:http", plainLane: false },
])("the Kinesis proxy through $route", ({ plainLane }) => {
  let world: GatewayWorld;
  let streams = 0;
  beforeAll(async () => {
    world = await gatewayWorld({ plainLane });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function stream(shards = 1): Promise<string> {
    const name = `s${streams++}`;
    expect((await world.call("POST", `/streams/${name}`, JSON.stringify({ ShardCount: shards }))).status).toBe(200);
    return name;
  }
  const record = (name: string, data: string, key = '"k"', prefix = "") =>
    world.call(
      "PUT",
      `${prefix}/streams/${name}/record`,
      `{"StreamName":"${name}","Data":${data},"PartitionKey":${key}}`,
    );

  it("stores Data as its JSON text and gives shard and sequence number", async () => {
    const name = await stream();
    const { status, body, headers } = await record(name, '{ "a": 1.0, "b": "\\u00e9" }');
    expect([status, headers.get("content-type"), body.ShardId]).toEqual([
      200,
      "application/json",
      "shardId-000000000000",
    ]);
    expect(headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.SequenceNumber).toMatch(SEQUENCE_NUMBER);
    for (const data of ['"text"', "7", "null", "[1, 2]"]) await record(name, data, '"k"', "/prod");
    expect(await world.values(streamTopic(name))).toEqual(['{"a":1.0,"b":"\\u00e9"}', '"text"', "7", "null", "[1,2]"]);
    const { records } = await world.log.read(streamTopic(name), 0, 0n);
    expect(Buffer.from(records[0]!.key!).toString()).toBe("k");
  });

  it("stores in /records the bytes of a data string, and the JSON text of anything else", async () => {
    const name = await stream();
    const text =
      '{"records":[{"data":"{\\"a\\": \\u00e9}","partition-key":"k"},{"data":{ "a": 1 },"partition-key":7},{"data":"","partition-key":"k"}]}';
    const { status, body } = await world.call("PUT", `/test/streams/${name}/records`, text);
    expect([status, body.FailedRecordCount, body.Records.length]).toEqual([200, 0, 3]);
    for (const written of body.Records) expect(written.SequenceNumber).toMatch(SEQUENCE_NUMBER);
    expect(await world.values(streamTopic(name))).toEqual(['{"a": é}', '{"a":1}', ""]);
  });

  it("sends a record to the shard whose hash range holds the MD5 of its key", async () => {
    const name = await stream(3);
    const { StreamDescription } = (await world.call("GET", `/streams/${name}`)).body;
    for (let i = 0; i < 40; i++) {
      const hash = BigInt(`0x${createHash("md5").update(`key ${i} é`).digest("hex")}`);
      const { ShardId } = (await record(name, "1", `"key ${i} é"`)).body;
      // biome-ignore lint/suspicious/noExplicitAny: a parsed answer
      const { HashKeyRange } = StreamDescription.Shards.find((shard: any) => shard.ShardId === ShardId);
      expect(hash >= BigInt(HashKeyRange.StartingHashKey) && hash <= BigInt(HashKeyRange.EndingHashKey)).toBe(true);
    }
  });

  it("gives sequence numbers that rise and lead back to the offset, also when the stream is made anew", async () => {
    const name = await stream();
    const numbers: string[] = [];
    for (let i = 0; i < 3; i++) numbers.push((await record(name, "1")).body.SequenceNumber);
    expect((await world.call("DELETE", `/streams/${name}`)).status).toBe(200);
    expect((await record(name, "1")).status).toBe(400);
    expect((await world.call("POST", `/streams/${name}`, '{"ShardCount":1}')).status).toBe(200);
    for (let i = 0; i < 2; i++) numbers.push((await record(name, "1")).body.SequenceNumber);
    expect(numbers).toEqual([...new Set(numbers)].sort());
    expect(numbers.map((n) => decodeSequenceNumber(n)?.offset)).toEqual([0n, 1n, 2n, 3n, 4n]);
    const { Shards } = (await world.call("GET", `/streams/${name}`)).body.StreamDescription;
    const start = Shards[0].SequenceNumberRange.StartingSequenceNumber;
    expect(numbers[2]! < start && start < numbers[3]!).toBe(true);
  });

  it.each<[string, string, string, RegExp]>([
    [
      "no key",
      '{"Data":1}',
      "ValidationException",
      /^1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: Member must not be null$/,
    ],
    [
      "an empty key",
      '{"Data":1,"PartitionKey":""}',
      "ValidationException",
      /Value '' at 'partitionKey'.*greater than or equal to 1/,
    ],
    [
      "too long a key",
      `{"Data":1,"PartitionKey":"${"😀".repeat(257)}"}`,
      "ValidationException",
      /less than or equal to 256/,
    ],
    ["no data", '{"PartitionKey":"k"}', "ValidationException", /Value null at 'data'/],
    ["nothing", "", "ValidationException", /^2 validation errors detected: .*'data'.*; .*'partitionKey'/],
    ["a key that is an object", '{"Data":1,"PartitionKey":{}}', "SerializationException", /PartitionKey/],
    ["no JSON", '{"Data":1', "SerializationException", /not valid JSON/],
    ["no object", "[]", "SerializationException", /object/],
    [
      "too large a record",
      `{"Data":"${"x".repeat(1024 * 1024)}","PartitionKey":"k"}`,
      "ValidationException",
      /at 'data'.*less than or equal to 1048576/,
    ],
  ])("refuses a record with %s, storing nothing", async (_, text, type, message) => {
    const name = await stream();
    const { status, body } = await world.call("PUT", `/streams/${name}/record`, text);
    const key = type === "SerializationException" ? "Message" : "message";
    expect([status, body]).toEqual([400, { __type: type, [key]: expect.stringMatching(message) }]);
    expect(await world.values(streamTopic(name))).toEqual([]);
  });

  it("takes a key of 256 characters, and a number as its text", async () => {
    const name = await stream();
    expect((await record(name, "1", `"${"😀".repeat(256)}"`)).status).toBe(200);
    expect((await record(name, "1", "12.50")).status).toBe(200);
    const { records } = await world.log.read(streamTopic(name), 0, 1n);
    expect(Buffer.from(records[0]!.key!).toString()).toBe("12.50");
  });

  it("says that a stream is not there, and makes none by a write", async () => {
    for (const [method, path] of [
      ["PUT", "/streams/nope/record"],
      ["PUT", "/streams/nope/records"],
      ["GET", "/streams/nope"],
      ["DELETE", "/streams/nope"],
    ] as const) {
      const text = path.endsWith("s")
        ? '{"records":[{"data":"x","partition-key":"k"}]}'
        : '{"Data":1,"PartitionKey":"k"}';
      const { status, body } = await world.call(method, path, method === "PUT" ? text : undefined);
      expect([status, body]).toEqual([
        400,
        { __type: "ResourceNotFoundException", message: "Stream nope under account 000000000000 not found." },
      ]);
    }
  });

  it.each([".", ".."])("knows no stream called %s, however it is written", async (name) => {
    const { gateway, log } = world;
    const { host } = new URL(gateway.url);
    const put = '{"Data":1,"PartitionKey":"k"}';
    for (const written of [name, name.replaceAll(".", "%2e"), name.replaceAll(".", "%2E")])
      for (const [method, path, body] of [
        ["POST", `/streams/${written}`, '{"ShardCount":1}'],
        ["PUT", `/streams/${written}/record`, put],
        ["PUT", `/dev/streams/${written}/record`, put],
        ["GET", `/streams/${written}`, ""],
        ["DELETE", `/streams/${written}`, ""],
      ] as const) {
        const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
        const answer = await exchangeBytes(gateway.url, [Buffer.from(head + body)]);
        expect(answer, `${method} ${path}`).toMatch(/^HTTP\/1.1 400 /);
        expect(answer, `${method} ${path}`).toMatch(/"ValidationException".*'streamName'/);
      }
    const streams = (await log.listTopics()).map(({ topic }) => topic);
    expect(streams.filter((topic) => /\.\.+$/.test(topic))).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["no records", "{}", /Value null at 'records'/],
    ["an empty list", '{"records":[]}', /Value '\[\]' at 'records'.*greater than or equal to 1/],
    [
      "501 records",
      JSON.stringify({ records: Array(501).fill({ data: "x", "partition-key": "k" }) }),
      /at 'records'.*less than or equal to 500/,
    ],
    [
      "a record without a key",
      '{"records":[{"data":"x","partition-key":"k"},{"data":"x"}]}',
      /Value null at 'records.2.member.partitionKey'/,
    ],
    ["the names of /record", '{"records":[{"Data":"x","PartitionKey":"k"}]}', /^2 validation errors/],
  ])("refuses a request with %s as a whole", async (_, text, message) => {
    const name = await stream();
    const { status, body } = await world.call("PUT", `/streams/${name}/records`, text);
    expect([status, body]).toEqual([400, { __type: "ValidationException", message: expect.stringMatching(message) }]);
    expect(await world.values(streamTopic(name))).toEqual([]);
  });

  it("refuses what is no JSON by its type", async () => {
    const name = await stream();
    const send = (type: string) =>
      world.call("PUT", `/streams/${name}/record`, '{"Data":1,"PartitionKey":"k"}', { "content-type": type });
    expect((await send("text/plain")).body.__type).toBe("UnsupportedMediaTypeException");
    for (const type of ["application/x-amz-json-1.1", "application/json; charset=utf-8"])
      expect((await send(type)).status).toBe(200);
  });
});

describe("the Kinesis proxy about streams", () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await gatewayWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("makes as many shards as asked, five when nothing is said, and splits the hash keys evenly between them", async () => {
    for (const [name, text, count] of [
      ["five", undefined, 5],
      ["empty", "{}", 5],
      ["two", '{"ShardCount":2}', 2],
      ["text", '{"ShardCount":"3"}', 3],
    ] as const) {
      const { status, body } = await world.call("POST", `/streams/${name}`, text);
      expect([status, body]).toEqual([200, ""]);
      const { StreamDescription } = (await world.call("GET", `/test/streams/${name}`)).body;
      expect(StreamDescription).toMatchObject({
        StreamName: name,
        StreamStatus: "ACTIVE",
        HasMoreShards: false,
        RetentionPeriodHours: 24,
        StreamARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`,
      });
      expect(StreamDescription.Shards).toHaveLength(count);
      let next = 0n;
      for (const { HashKeyRange } of StreamDescription.Shards) {
        expect(BigInt(HashKeyRange.StartingHashKey)).toBe(next);
        next = BigInt(HashKeyRange.EndingHashKey) + 1n;
      }
      expect(next).toBe(2n ** 128n);
    }
    const { body } = await world.call("POST", "/streams/five");
    expect(body).toEqual({
      __type: "ResourceInUseException",
      message: "Stream five under account 000000000000 already exists.",
    });
  });

  it("lists streams in pages, and topics not among them", async () => {
    await world.log.createTopic("a.topic");
    expect((await world.call("GET", "/streams")).body).toMatchObject({
      StreamNames: ["empty", "five", "text", "two"],
      HasMoreStreams: false,
    });
    expect((await world.call("GET", "/streams?Limit=2&ExclusiveStartStreamName=empty")).body).toMatchObject({
      StreamNames: ["five", "text"],
      HasMoreStreams: true,
    });
    expect((await world.call("GET", "/streams?Limit=0")).status).toBe(400);
    expect((await world.call("GET", "/topics")).body).toEqual(["a.topic"]);
  });

  it.each([
    ["POST", "/streams/a%20b", undefined, 400, "ValidationException"],
    ["POST", `/streams/${"x".repeat(129)}`, undefined, 400, "ValidationException"],
    ["POST", "/streams/x", '{"ShardCount":0}', 400, "ValidationException"],
    ["POST", "/streams/x", '{"ShardCount":1.5}', 400, "ValidationException"],
    ["POST", "/streams/x", '{"ShardCount":1001}', 400, "ValidationException"],
    ["POST", "/streams/x", '{"ShardCount":{}}', 400, "SerializationException"],
    ["POST", "/streams/x", '{"ShardCount":', 400, "SerializationException"],
    ["GET", "/streams/x/y/z", undefined, 404, "UnknownOperationException"],
    ["PATCH", "/dev/streams/x", undefined, 405, "UnknownOperationException"],
  ])("answers %s %s %s with %i %s", async (method, path, text, expected, type) => {
    const { status, body, headers } = await world.call(method, path, text);
    expect([status, body.__type, headers.get("x-amzn-errortype")]).toEqual([expected, type, type]);
    await expect(world.log.describeTopic(streamTopic("x"))).rejects.toThrow("does not exist");
  });
});
