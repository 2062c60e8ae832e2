import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GatewayWorld, gatewayWorld } from "../../support/gateway.ts";

const stored = (partition: number, offset: number) => ({ partition, offset, error_code: null, error: null });
const produced = (...offsets: unknown[]) => ({ offsets, key_schema_id: null, value_schema_id: null });

describe.each([
  { route: "the plain lane", plainLane: true },
  { route: "node:http", plainLane: false },
])("producing by Kafka REST v2 through $route", ({ plainLane }) => {
  let world: GatewayWorld;
  let topics = 0;
  const topic = () => `t${topics++}`;
  beforeAll(async () => {
    world = await gatewayWorld({ plainLane });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("makes the topic and gives partition and offset of each record, in order", async () => {
    const name = topic();
    const { status, headers, body } = await world.call(
      "POST",
      `/topics/${name}`,
      '{"records":[{"value":{"a":1}},{"value":2}]}',
    );
    expect([status, headers.get("content-type"), body]).toEqual([
      200,
      "application/vnd.kafka.v2+json",
      produced(stored(0, 0), stored(0, 1)),
    ]);
    expect((await world.call("POST", `/topics/${name}`, '{"records":[{}]}')).body).toEqual(produced(stored(0, 2)));
  });

  it("answers under every stage prefix, with a trailing slash, a query and escapes in the name", async () => {
    const name = topic();
    for (const path of [
      `/dev/topics/${name}`,
      `/test/topics/${name}`,
      `/prod/topics/${name}/`,
      `//topics/${name}?a=b`,
      `/topics/%74${name.slice(1)}`,
    ])
      expect((await world.call("POST", path, '{"records":[{"value":1}]}')).status).toBe(200);
    expect(await world.values(name)).toHaveLength(5);
    expect((await world.call("POST", `/stage/topics/${name}`, '{"records":[{"value":1}]}')).status).toBe(404);
  });

  it("keeps the bytes of values and keys as they were written, without whitespace between tokens", async () => {
    const name = topic();
    const body = `{ "records" : [ { "value" : { "big": 12345678901234567890.50, "é": "\\u00e9 \\/ 😀", "b": [1 , 2], "a": 1, "b": 3 }, "key": "k y" } ] }`;
    await world.call("POST", `/topics/${name}`, body);
    const { records } = await world.log.read(name, 0, 0n);
    expect(Buffer.from(records[0]!.value!).toString()).toBe(
      '{"big":12345678901234567890.50,"é":"\\u00e9 \\/ 😀","a":1,"b":3}',
    );
    expect(Buffer.from(records[0]!.key!).toString()).toBe('"k y"');
  });

  it('stores null and absent values and keys as null, the text "null" as itself', async () => {
    const name = topic();
    await world.call(
      "POST",
      `/topics/${name}`,
      '{"records":[{"key":null,"value":null},{"key":1},{"value":"null"},{}]}',
    );
    expect(await world.values(name)).toEqual([null, null, '"null"', null]);
  });

  it("takes binary records as base64", async () => {
    const name = topic();
    const binary = { "content-type": "application/vnd.kafka.binary.v2+json" };
    const send = (value: string) => world.call("POST", `/topics/${name}`, `{"records":[{"value":${value}}]}`, binary);
    expect((await send('"AP8QgA=="')).status).toBe(200);
    expect((await send('"AP8Q\\u0067A"')).status).toBe(200);
    expect((await send("null")).status).toBe(200);
    const { records } = await world.log.read(name, 0, 0n);
    expect(records.map(({ value }) => value && Buffer.from(value).toString("hex"))).toEqual([
      "00ff1080",
      "00ff1080",
      null,
    ]);
    expect((await send("1")).body).toEqual({ error_code: 400, message: "data=1 is not a base64 string." });
    expect((await send('{"a":1}')).body.message).toBe('data={"a":1} is not a base64 string.');
    expect((await send('"a-_b"')).body).toEqual({
      error_code: 400,
      message: "data=a-_b is not a valid base64 string.",
    });
    expect((await send('"AAAAA"')).status).toBe(400);
  });

  it("sends a record where it says, else where the path says", async () => {
    const name = topic();
    await world.log.createTopic(name, { partitions: 3 });
    const { body } = await world.call(
      "POST",
      `/topics/${name}/partitions/1`,
      '{"records":[{"value":1},{"value":2,"partition":2},{"value":3,"partition":null}]}',
    );
    expect(body).toEqual(produced(stored(1, 0), stored(2, 0), stored(1, 1)));
  });

  it("reports a partition that is not there for its record alone, retriable, in a 200", async () => {
    const name = topic();
    const { status, body } = await world.call(
      "POST",
      `/topics/${name}`,
      '{"records":[{"value":1,"partition":7},{"value":2}]}',
    );
    const error = `Partition 7 of topic ${name} with partition count 1 is not present in metadata after 60000 ms.`;
    expect([status, body]).toEqual([
      200,
      produced({ partition: null, offset: null, error_code: 50003, error }, stored(0, 0)),
    ]);
  });

  it("reports a record that is too large for it alone, final, in a 200", async () => {
    const name = topic();
    const large = JSON.stringify("x".repeat(1024 * 1024));
    const { status, body } = await world.call(
      "POST",
      `/topics/${name}`,
      `{"records":[{"value":${large}},{"value":2}]}`,
    );
    expect([status, body.offsets[1]]).toEqual([200, stored(0, 0)]);
    expect(body.offsets[0]).toMatchObject({ partition: null, offset: null, error_code: 50002 });
    const fits = JSON.stringify("x".repeat(1024 * 1024 - 2));
    expect((await world.call("POST", `/topics/${name}`, `{"records":[{"value":${fits}}]}`)).body).toEqual(
      produced(stored(0, 1)),
    );
  });

  it("refuses names that are no topic names, and internal ones, storing nothing", async () => {
    const send = (name: string) => world.call("POST", `/topics/${name}`, '{"records":[{"value":1}]}');
    const before = (await world.log.listTopics()).length;
    for (const name of ["a%2Fb", "a%20b", "x".repeat(250), "%C3%A9"]) {
      const { status, body } = await send(name);
      expect([status, body.offsets[0].error_code]).toEqual([200, 50002]);
    }
    const { status, body } = await send("__stream.s");
    expect([status, body.offsets[0].error_code]).toEqual([403, 40301]);
    expect((await world.log.listTopics()).length).toBe(before);
  });

  it.each<[string, string, number, string | RegExp]>([
    ["no JSON", '{"records":[{"value":1}]', 400, /not valid JSON/],
    ["nothing", "", 422, "Null input provided. Data is required."],
    ["null", "null", 422, "Null input provided. Data is required."],
    ["an array", "[]", 400, /must be an object/],
    ["no records", "{}", 422, /at least one record/],
    ["null for records", '{"records":null}', 422, /at least one record/],
    ["empty records", '{"records":[]}', 422, /at least one record/],
    ["records that are no array", '{"records":{}}', 400, /must be an array/],
    ["a record that is no object", '{"records":[1]}', 400, /must be an object/],
    ["a bare row", '{"ind":1}', 422, "Unrecognized field: ind"],
    ["a field that no record has", '{"records":[{"value":1,"timestamp":2}]}', 422, "Unrecognized field: timestamp"],
    ["a field named as a prototype's", '{"records":[{"__proto__":1}]}', 422, "Unrecognized field: __proto__"],
    ["a wrong field in what is no JSON", '{"ind":1', 400, /not valid JSON/],
    ["text behind the JSON", '{"records":[{"value":1}]} x', 400, /not valid JSON/],
    ["a partition below 0", '{"records":[{"value":1,"partition":-1}]}', 422, /0 or more/],
    ["a partition that is no integer", '{"records":[{"value":1,"partition":"0"}]}', 400, /must be an integer/],
    ["half a partition", '{"records":[{"value":1,"partition":0.5}]}', 400, /must be an integer/],
    ["a lone surrogate", '{"records":[{"value":"\\ud800"}]}', 400, /lone surrogate/],
    ["a control character", '{"records":[{"value":"\u0001"}]}', 400, /control character/],
    ["too deep a value", `{"records":[{"value":${"[".repeat(600)}${"]".repeat(600)}}]}`, 400, /nesting deeper/],
    ["a depth bomb", `{"records":[{"value":${"[".repeat(3_000_000)}`, 400, /nesting deeper/],
  ])("refuses %s", async (_, text, expected, message) => {
    const name = topic();
    const { status, headers, body } = await world.call("POST", `/topics/${name}`, text);
    expect([status, body.error_code, headers.get("content-type")]).toEqual([
      expected,
      expected,
      "application/vnd.kafka.v2+json",
    ]);
    expect(body.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(Object.keys(body)).toEqual(["error_code", "message"]);
    await expect(world.log.describeTopic(name)).rejects.toThrow("does not exist");
  });

  it("refuses bytes that are not UTF-8", async () => {
    const body = Buffer.concat([Buffer.from('{"records":[{"value":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}]}')]);
    expect((await world.call("POST", `/topics/${topic()}`, body)).status).toBe(400);
  });

  it("allows and ignores the schema fields, and takes the last of a field that stands twice", async () => {
    const name = topic();
    const text = '{"records":[{"value":0}],"key_schema":null,"value_schema_id":1,"records":[{"value":1,"value":2}]}';
    expect((await world.call("POST", `/topics/${name}`, text)).body).toEqual(produced(stored(0, 0)));
    expect(await world.values(name)).toEqual(["2"]);
  });

  it("keeps names that would pollute a prototype as data", async () => {
    const name = topic();
    await world.call(
      "POST",
      `/topics/${name}`,
      '{"records":[{"value":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}]}',
    );
    expect(await world.values(name)).toEqual([
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ["application/vnd.kafka.json.v2+json; charset=utf-8", 200],
    ["Application/JSON", 200],
    ["application/vnd.kafka.json+json", 200],
    ["application/vnd.kafka.avro.v2+json", 415],
    ["application/vnd.kafka.jsonschema.v2+json", 415],
    ["application/vnd.kafka.protobuf.v2+json", 415],
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["constructor", 415],
  ])("answers content type %s with %i", async (type, expected) => {
    const { status, body } = await world.call("POST", `/topics/${topic()}`, '{"records":[{"value":1}]}', {
      "content-type": type,
    });
    expect(status).toBe(expected);
    if (expected === 415) {
      expect(body.error_code).toBe(415);
      expect(body.message).toMatch(/application\/vnd.kafka.json.v2\+json.*application\/vnd.kafka.binary.v2\+json/);
    }
  });

  it.each([
    ["*/*", 200, "application/vnd.kafka.v2+json"],
    ["application/json", 200, "application/json"],
    ["text/html, application/*;q=0.8", 200, "application/vnd.kafka.v2+json"],
    ["application/vnd.kafka.v2+json;q=0.1, application/json;q=0.9", 200, "application/json"],
    [
      "application/vnd.kafka.v2+json, application/vnd.kafka+json, application/json",
      200,
      "application/vnd.kafka.v2+json",
    ],
    ["text/html", 406, "application/vnd.kafka.v2+json"],
    ["application/json;q=0", 406, "application/vnd.kafka.v2+json"],
  ])("answers Accept %s with %i %s", async (accept, expected, type) => {
    const name = topic();
    const { status, headers } = await world.call("POST", `/topics/${name}`, '{"records":[{"value":1}]}', { accept });
    expect([status, headers.get("content-type")]).toEqual([expected, type]);
    if (expected === 406) await expect(world.log.describeTopic(name)).rejects.toThrow("does not exist");
  });

  it("does not decode what it cannot", async () => {
    const headers = { "content-encoding": "gzip" };
    expect((await world.call("POST", `/topics/${topic()}`, '{"records":[{"value":1}]}', headers)).status).toBe(415);
  });
});
