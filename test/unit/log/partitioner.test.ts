import { expect, it } from "vitest";
import { murmur2, partitionOfKey } from "../../../src/log/partitioner.ts";

// Facts from Kafka's own UtilsTest.
const golden: [string, number][] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
];

it.each(golden)("hashes %s as Kafka does", (key, hash) => {
  expect(murmur2(new TextEncoder().encode(key))).toBe(hash);
});

it.each(golden)("sends %s to the positive hash modulo the partitions", (key, hash) => {
  for (const partitions of [1, 3, 7, 1000])
    expect(partitionOfKey(new TextEncoder().encode(key), partitions)).toBe((hash & 0x7fffffff) % partitions);
});
