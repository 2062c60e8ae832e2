import { createHash } from "node:crypto";
import { type Dataset, type DatasetInput, defineDataset } from "../../src/define/dataset.ts";

/** Two datasets that know of each other's fields, and take streams of their own and shared ones. */
export const red = dataset({
  name: "red",
  record: { fields: { id: {}, word: {}, n: {} }, key: "id", markers: ["word"] },
  key: "id",
  columns: [
    { name: "id", type: "BIGINT" },
    { name: "word", type: "STRING" },
    { name: "n", type: "BIGINT" },
  ],
  checks: [{ name: "bad_n", when: "raw.n IS NOT NULL AND n IS NULL", message: "No number.", fields: ["n"] }],
  select: "SELECT parse_bigint(id) AS id, word AS word, parse_bigint(n) AS n FROM raw",
});

export const blue = dataset({
  name: "blue",
  record: { fields: { name: {}, shade: {} }, key: "name", markers: ["shade"] },
  key: "name",
  columns: [
    { name: "name", type: "STRING" },
    { name: "shade", type: "STRING" },
  ],
  select: "SELECT name AS name, shade AS shade FROM raw",
});

function dataset({ select, ...input }: DatasetInput & { readonly select: string }): Dataset {
  const inputs = {
    topics: [`*.${input.name}`],
    streams: [`streaming-*-${input.name}`],
    partitionKeys: [`*-${input.name}`],
  };
  const definition = defineDataset({ inputs, ...input });
  const hash = createHash("sha256")
    .update(JSON.stringify([definition, select]))
    .digest("hex");
  return { ...definition, select, hash };
}
