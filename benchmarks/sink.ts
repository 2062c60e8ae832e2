import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, constants as zlib, zstdCompressSync } from "node:zlib";
import { openEmbeddedLog } from "../src/log/embedded/embedded-log.ts";
import type { EventLog } from "../src/log/event-log.ts";
import { NO_HEADERS } from "../src/record.ts";
import { createSink, SINK_GROUP } from "../src/sink/sink.ts";
import { openFilesystemStore } from "../src/store/filesystem.ts";
import type { Benchmark, Figure } from "./figure.ts";
import { pin } from "./pins.ts";

const RECORDS = 200_000;
const PER_OBJECT = 10_000;
const ROUNDS = 3;

const limits = { maxRecords: PER_OBJECT, maxBytes: 16 * 1024 * 1024, maxAgeMs: 3_600_000 };

/** The same settings as the sink's. */
const ALONE = {
  gzip: (body: Buffer) => gzipSync(body, { level: 6 }),
  zstd: (body: Buffer) =>
    zstdCompressSync(body, { params: { [zlib.ZSTD_c_compressionLevel]: 3, [zlib.ZSTD_c_checksumFlag]: 1 } }),
};

/** One partition from the log on disk into synced objects, plain and packed, beside packing the same bodies and nothing else. */
export const sink: Benchmark = {
  name: "sink",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    try {
      await using log = await openEmbeddedLog({ folder: join(folder, "log") });
      await log.createTopic("pins");
      const bodies = await fill(log);
      const figures: Figure[] = [];
      for (const compression of ["none", "gzip", "zstd"] as const) {
        let value = 0;
        let alone = 0;
        let cpu = 0;
        for (let round = 0; round < ROUNDS; round++) {
          if (compression !== "none") alone = Math.max(alone, packAlone(bodies, ALONE[compression]));
          const cpuBefore = process.cpuUsage();
          const rate = await land(log, join(folder, `${compression}-${round}`), compression);
          const { user, system } = process.cpuUsage(cpuBefore);
          if (rate > value) cpu = (user + system) / RECORDS;
          value = Math.max(value, rate);
        }
        figures.push({
          name: `sink, ${PER_OBJECT} records an object, ${compression === "none" ? "not packed" : compression}`,
          value,
          unit: "records/s",
          ...(compression !== "none" && {
            limit: { what: `${compression} alone on one core`, value: alone },
            goal: 0.85,
          }),
          details: { "CPU, µs a record": cpu },
        });
      }
      return figures;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Pins whose texts and names differ as those of real ones do: they are packed to about 0.27 of their size. */
function variedPin(i: number, random: () => number): Record<string, unknown> {
  const below = (n: number) => Math.floor(random() * n);
  // A few words are in most texts, most words in few.
  const words = (n: number) =>
    Array.from({ length: n }, () => VOCABULARY[below(below(VOCABULARY.length) + 1)]).join(" ");
  const hex = (n: number) => Array.from({ length: n }, () => below(16).toString(16)).join("");
  return {
    ...pin(i),
    unique_id: `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    title: words(7),
    description: words(16),
    poster_name: words(2),
    tag_list: words(9).replaceAll(" ", ","),
    image_src: `https://images.example/originals/${hex(2)}/${hex(2)}/${hex(28)}.jpg`,
  };
}

const VOCABULARY = Array.from({ length: 4000 }, (_, i) => (i * 48_271 + 7).toString(36));

/** The same each time. */
function randomNumbers(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** Fills the log; gives the bodies that objects of it have. */
async function fill(log: EventLog): Promise<Buffer[]> {
  const bodies: Buffer[] = [];
  const random = randomNumbers();
  for (let at = 0; at < RECORDS; at += PER_OBJECT) {
    const values = Array.from({ length: PER_OBJECT }, (_, i) => Buffer.from(JSON.stringify(variedPin(at + i, random))));
    await log.append(
      "pins",
      values.map((value) => ({ key: null, value, headers: NO_HEADERS, timestampMs: 0 })),
    );
    bodies.push(Buffer.from(values.map((value) => `${value}\n`).join("")));
  }
  return bodies;
}

async function land(log: EventLog, root: string, compression: "none" | "gzip" | "zstd"): Promise<number> {
  await using store = await openFilesystemStore({ root });
  await log.commit(SINK_GROUP, "pins", 0, 0n);
  const landing = createSink({ log, store, limits, compression });
  const startedAt = performance.now();
  await landing.flush();
  const seconds = (performance.now() - startedAt) / 1000;
  rmSync(root, { recursive: true });
  return RECORDS / seconds;
}

function packAlone(bodies: readonly Buffer[], pack: (body: Buffer) => Buffer): number {
  const startedAt = performance.now();
  for (const body of bodies) pack(body);
  return (RECORDS * 1000) / (performance.now() - startedAt);
}
