import { join } from "node:path";
import { expect, it } from "vitest";
import { MOUNT_OPTIONS, powerDisk } from "../support/power-disk.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { checkImage, type ImageReport } from "./check-image.ts";
import { upUnderLoad, type WithoutSync } from "./up-under-load.ts";

const IMAGES = Number(process.env.POWER_IMAGES ?? 56);
const IMAGES_A_DISK = 7;

/** What nobody synced is surely lost. */
const nothingWrittenBack = () => 1;

/** Cuts the power of a disk again and again, at random moments of a `pinlake up` under load, and checks each image. */
async function cutAndCheck(options: {
  readonly images: number;
  readonly disk: number;
  readonly seed: number;
  readonly withoutSync?: WithoutSync;
}): Promise<readonly ImageReport[] | undefined> {
  const random = seededRandom(options.seed);
  using disk = powerDisk(MOUNT_OPTIONS[options.disk % MOUNT_OPTIONS.length] as string);
  if (disk === undefined) return undefined;
  const reports: ImageReport[] = [];
  await using up = await upUnderLoad(join(disk.path, "data"), options.seed, { withoutSync: options.withoutSync });
  for (let i = 0; i < options.images; i++) {
    await new Promise((resolve) => setTimeout(resolve, 30 + random() * 400));
    await up.stop();
    const acknowledged = new Map(up.acknowledged);
    {
      using image = await disk.cut(options.withoutSync === undefined ? random : nothingWrittenBack);
      reports.push(await checkImage(join(image.path, "data"), acknowledged, up.posters));
    }
    up.goOn();
  }
  return reports;
}

it(`${IMAGES} power cuts under load lose no acknowledged record, halve no object, tear no table, and both arms go on in agreement`, async () => {
  const seed = printedSeed("power cuts");
  const sum = { images: 0, records: 0, acknowledged: 0, objects: 0, tables: 0 };
  for (let disk = 0; sum.images < IMAGES; disk++) {
    const images = Math.min(IMAGES_A_DISK, IMAGES - sum.images);
    const reports = await cutAndCheck({ images, disk, seed: seed + disk });
    if (reports === undefined) return;
    for (const [i, { problems, records, acknowledged, objects, tables }] of reports.entries()) {
      expect(problems, `image ${i} of disk ${disk} (${MOUNT_OPTIONS[disk % MOUNT_OPTIONS.length]})`).toEqual([]);
      sum.images++;
      sum.records += records;
      sum.acknowledged += acknowledged;
      sum.objects += objects;
      sum.tables += tables;
    }
  }
  process.stderr.write(`power cuts: ${JSON.stringify(sum)}\n`);
});

it.each(["log", "store"] as const)(
  "finds what is lost when the %s does not sync: so it would find a sync that is missing",
  async (withoutSync) => {
    const seed = printedSeed(`power cuts, the ${withoutSync} without syncs`);
    const reports = await cutAndCheck({ images: 3, disk: 0, seed, withoutSync });
    if (reports === undefined) return;
    for (const { lost, problems } of reports)
      process.stderr.write(`the ${withoutSync} without syncs: ${lost} lost; ${problems.join("; ").slice(0, 200)}\n`);
    expect(reports.flatMap(({ problems }) => problems)).not.toEqual([]);
    if (withoutSync === "log") expect(reports.some(({ lost }) => lost > 0)).toBe(true);
  },
);
