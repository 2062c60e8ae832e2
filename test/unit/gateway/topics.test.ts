import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GatewayWorld, gatewayWorld } from "../../support/gateway.ts";

describe("Kafka REST v2 about topics", () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await gatewayWorld({ autoCreate: false });
    await world.log.createTopic("b.pin", { partitions: 2, config: { "retention.ms": "1000" } });
    await world.log.createTopic("a.pin");
    await world.log.createTopic("__stream.s");
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const partition = (n: number) => ({
    partition: n,
    leader: 0,
    replicas: [{ broker: 0, leader: true, in_sync: true }],
  });

  it.each<[string, number, unknown]>([
    ["/topics", 200, ["a.pin", "b.pin"]],
    ["/test/topics", 200, ["a.pin", "b.pin"]],
    [
      "/topics/b.pin",
      200,
      { name: "b.pin", configs: { "retention.ms": "1000" }, partitions: [partition(0), partition(1)] },
    ],
    ["/topics/b.pin/partitions", 200, [partition(0), partition(1)]],
    ["/topics/b.pin/partitions/1", 200, partition(1)],
    ["/topics/nope", 404, { error_code: 40403, message: "This server does not host this topic-partition." }],
    ["/topics/__stream.s", 404, { error_code: 40403, message: "This server does not host this topic-partition." }],
    ["/topics/nope/partitions", 404, { error_code: 40401, message: "Topic not found." }],
    ["/topics/__stream.s/partitions", 404, { error_code: 40401, message: "Topic not found." }],
    ["/topics/nope/partitions/0", 404, { error_code: 40401, message: "Topic not found." }],
    ["/topics/b.pin/partitions/2", 404, { error_code: 40402, message: "Partition not found." }],
    ["/", 200, {}],
    ["/dev", 200, {}],
  ])("answers GET %s with %i", async (path, expected, value) => {
    const { status, body, headers } = await world.call("GET", path);
    expect([status, body, headers.get("content-type")]).toEqual([expected, value, "application/vnd.kafka.v2+json"]);
    expect((await fetch(world.gateway.url + path, { method: "HEAD" })).status).toBe(expected);
  });

  it.each([
    ["GET", "/nope", 404],
    ["GET", "/topics/a/b/c/d", 404],
    ["GET", "/topics/a.pin/partitions/x", 404],
    ["POST", "/topics/a.pin/partitions/-1", 404],
    ["DELETE", "/topics", 405],
    ["PUT", "/topics/a.pin", 405],
    ["OPTIONS", "/topics/a.pin", 405],
    ["PATCH", "/", 405],
  ])("answers %s %s with %i in Kafka REST's form", async (method, path, expected) => {
    const text = method === "GET" ? undefined : '{"records":[{"value":1}]}';
    const { status, body, headers } = await world.call(method, path, text);
    expect([status, body.error_code]).toEqual([expected, expected]);
    if (expected === 404) expect(body.message).toContain(`${method} ${path}`);
    if (expected === 405) expect(headers.get("allow")).toContain("GET");
  });

  it("says of an unknown topic, when none may be made, what a producer would after waiting", async () => {
    const { status, body } = await world.call("POST", "/topics/nope", '{"records":[{"value":1},{"value":2}]}');
    const failed = {
      partition: null,
      offset: null,
      error_code: 50003,
      error: "Topic nope not present in metadata after 60000 ms.",
    };
    expect([status, body.offsets]).toEqual([200, [failed, failed]]);
  });

  it("echoes an object posted to the root", async () => {
    const type = { "content-type": "application/vnd.kafka.v2+json" };
    expect((await world.call("POST", "/", '{ "a": "b" }', type)).body).toEqual({ a: "b" });
    expect((await world.call("POST", "/", "", type)).status).toBe(422);
    expect((await world.call("POST", "/", "{", type)).status).toBe(400);
  });
});
