import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Dataset } from "../../src/define/dataset.ts";
import { readDataset } from "../../src/define/dataset-file.ts";
import type { DatasetName } from "./reference/clean-record.ts";

const root = join(import.meta.dirname, "../..");

/** The shipped datasets, by name. */
export async function shippedDatasets(): Promise<Readonly<Record<DatasetName, Dataset>>> {
  const [pin, geo, user] = await Promise.all(
    ["pin", "geo", "user"].map((name) => readDataset(join(root, `pinterest/datasets/${name}.ts`))),
  );
  return { pin, geo, user } as Record<DatasetName, Dataset>;
}

const realFiles: Record<DatasetName, string> = {
  pin: "pinterest_data.jsonl.gz",
  geo: "geolocation_data.jsonl.gz",
  user: "user_data.jsonl.gz",
};

/** The folder of the real rows: PINLAKE_REAL_DATA, else `../shared/data` beside the clone; undefined, loudly, if none. */
export function realDataFolder(): string | undefined {
  const folder = resolve(root, process.env.PINLAKE_REAL_DATA ?? "../shared/data");
  if (existsSync(join(folder, "pinterest"))) return folder;
  process.stderr.write(`REAL ROWS NOT TESTED: there is no ${folder}/pinterest. Set PINLAKE_REAL_DATA.\n`);
  return undefined;
}

/** The real rows of a dataset as records would carry them: one JSON object each. */
export function realRows(folder: string, dataset: DatasetName): Uint8Array[] {
  return gunzipSync(readFileSync(join(folder, "pinterest", realFiles[dataset])))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Buffer.from(line));
}
