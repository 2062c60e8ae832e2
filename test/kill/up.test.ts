import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, vi } from "vitest";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { streamOf } from "../../src/log/names.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { startChild } from "../support/kill-loop.ts";
import { madeValue, type Posted } from "../support/posts.ts";
import type { DatasetName } from "../support/reference/clean-record.ts";
import { type Event, recount } from "../support/reference/newest.ts";
import { times } from "../support/run-length.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { differences, landedRecords } from "../support/sunk-objects.ts";
import { tempFolder } from "../support/temp-folder.ts";

vi.setConfig({ testTimeout: times(600_000) });

const KILLS = times(20);
/** A life packs its objects in one of these ways, and takes over those of the lives before. */
const COMPRESSIONS = ["none", "gzip", "zstd"];
const CLIENTS = 6;
const DATASETS: readonly DatasetName[] = ["pin", "geo", "user"];
const root = join(import.meta.dirname, "../..");
const program = join(root, "bin/pinlake.js");

it(`a whole \`pinlake up\` keeps every acknowledged record through ${KILLS} kill -9, and its tables are what a recount says`, async () => {
  const seed = printedSeed("kill up");
  const random = seededRandom(seed);
  await using folder = await tempFolder();
  const data = join(folder.path, "data");
  const env = {
    PINLAKE_DATA: data,
    PINLAKE_GATEWAY_PORT: "0",
    PINLAKE_CONSOLE_PORT: "0",
    PINLAKE__SINK__MAX_RECORDS: "50",
    PINLAKE__STREAM__TRIGGER_MS: "50",
  };
  const pinlake = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, "--json"], {
      cwd: root,
      env: { ...process.env, ...env },
      maxBuffer: 256 << 20,
    });
    return JSON.parse(stdout);
  };

  const posted: Posted[] = [];
  for (let life = 0; life < KILLS; life++) {
    const compression = COMPRESSIONS[Math.floor(random() * COMPRESSIONS.length)] ?? "none";
    const up = startChild(program, ["up"], { ...env, PINLAKE__SINK__COMPRESSION: compression });
    const line = await up.until("gateway listening on ");
    const url = line.slice("gateway listening on ".length);
    const load = Promise.all(Array.from({ length: CLIENTS }, () => client(url, random, posted)));
    await new Promise((resolve) => setTimeout(resolve, random() * 500));
    await up.kill();
    await load;
    if (life % 5 === 4) await pinlake("run", "daily");
  }
  expect(posted.length).toBeGreaterThan(KILLS);

  const last = startChild(program, ["up"], env);
  await last.until("gateway listening on ");
  last.child.kill("SIGTERM"); // drains
  expect(await last.ended).toBe(0);
  await pinlake("run", "daily");

  await using log = await openEmbeddedLog({ folder: join(data, "log"), stateFile: join(data, "state.db") });
  await using store = await openFilesystemStore({ root: join(data, "objects") });
  expect(await differences(log, store)).toEqual([]);

  // From the objects: what a deleted stream left is gone from the log once both stages have taken it.
  const events = new Map<string, Event[]>();
  for (const { topic, partition } of await log.stagePartitions()) {
    const stream = streamOf(topic);
    const name = stream ?? topic;
    const landed = await landedRecords(store, { kind: stream === undefined ? "topic" : "stream", name, partition });
    for (const { offset, json, bytes } of landed) {
      const value =
        bytes ?? Buffer.from(JSON.stringify(stream === undefined ? json : (json as { value: unknown }).value));
      events.set(name, [...(events.get(name) ?? []), { topic: name, partition, offset, value }]);
    }
  }
  const values = new Map([...events.values()].flat().map((e) => [`${e.topic}/${e.partition}@${e.offset}`, e.value]));
  for (const { place, json } of posted) {
    const value = values.get(place);
    expect(value && Buffer.from(value).toString(), place).toBe(json);
  }

  for (const dataset of DATASETS) {
    for (const [arm, source] of [
      ["batch", `pinterest.${dataset}`],
      ["stream", `streaming-pinterest-${dataset}`],
    ] as const) {
      const expected = recount(dataset, events.get(source) ?? []);
      const rows: { ind: number; _partition: number; _offset: number }[] = await pinlake(
        "sql",
        `SELECT ind, _partition, _offset FROM ${arm}.${dataset}`,
      );
      expect(rows.map((row) => `${row.ind} ${row._partition}@${row._offset}`).sort(), `${arm}.${dataset}`).toEqual(
        [...expected.rows].map(([ind, { event }]) => `${ind} ${event.partition}@${event.offset}`).sort(),
      );
      const bad: { partition: number; offset: number; reason: string }[] = await pinlake(
        "sql",
        `SELECT "partition", "offset", reason FROM quarantine WHERE arm = '${arm}' AND dataset = '${dataset}'`,
      );
      expect(bad.map((one) => `${one.partition}@${one.offset} ${one.reason}`).sort(), `${arm}.${dataset}`).toEqual(
        expected.quarantined.map(({ event, reason }) => `${event.partition}@${event.offset} ${reason}`).sort(),
      );
      const [{ metrics: totals }] = await pinlake("tables", "history", `${arm}.${dataset}`);
      expect([arm, dataset, Number(totals.superseded), Number(totals.tombstones)]).toEqual([
        arm,
        dataset,
        expected.superseded,
        expected.tombstones,
      ]);
    }
  }
});

/** Posts until the server is gone, and notes what it acknowledged. */
async function client(url: string, random: () => number, posted: Posted[]): Promise<void> {
  for (;;) {
    const dataset = DATASETS[Math.floor(random() * 3)]!;
    const values = Array.from({ length: random() < 0.5 ? 1 : 1 + Math.floor(random() * 30) }, () =>
      madeValue(dataset, random, posted.length + Math.floor(random() * 100)),
    );
    const stream = `streaming-pinterest-${dataset}`;
    const topic = `pinterest.${dataset}`;
    const place = random();
    try {
      if (place < 0.02) {
        await send(url, "DELETE", `/streams/${stream}`, undefined);
        await send(url, "POST", `/streams/${stream}`, { ShardCount: 1 + Math.floor(random() * 3) });
      } else if (place < 0.5) {
        const { offsets } = await send(url, "POST", `/topics/${topic}`, {
          records: values.map((value) => ({ value })),
        });
        for (const [i, { partition, offset }] of (offsets ?? []).entries())
          posted.push({ place: `${topic}/${partition}@${offset}`, json: JSON.stringify(values[i]) });
      } else
        await send(url, "PUT", `/streams/${stream}/record`, {
          StreamName: stream,
          Data: values[0],
          PartitionKey: String(random()),
        });
    } catch {
      return;
    }
  }
}

async function send(
  url: string,
  method: string,
  path: string,
  body: unknown,
): Promise<{ offsets?: { partition: number; offset: number }[] }> {
  const type = path.startsWith("/topics") ? "application/vnd.kafka.json.v2+json" : "application/json";
  const response = await fetch(url + path, {
    method,
    headers: { "content-type": type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === "" ? {} : JSON.parse(text);
}
