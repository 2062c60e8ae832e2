import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkImage } from "../power/check-image.ts";
import { upUnderLoad } from "../power/up-under-load.ts";
import { times } from "../support/run-length.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { tempFolder } from "../support/temp-folder.ts";

const script = join(import.meta.dirname, "../../scripts/services/fiu.sh");
const libraries = execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();

/** As Linux numbers them. */
const ERRORS = { EIO: 5, ENOSPC: 28 };
/** Below everything that writes: the log and the objects, SQLite's files, the Parquet files of the engine. */
const CALLS = ["io/rw/pwrite", "io/sync/fsync", "io/sync/fdatasync", "io/oc/ftruncate", "io/dir/rename"];

it.skipIf(libraries === "")(
  "system calls that fail at random cost nothing that was acknowledged, and all goes on by itself when they stop",
  async () => {
    const random = seededRandom(printedSeed("failing calls"));
    await using folder = await tempFolder();
    const data = join(folder.path, "data");
    const control = join(folder.path, "control");
    const environment = {
      LD_PRELOAD: ["fiu_run_preload.so", "fiu_posix_preload.so"].map((name) => join(libraries, name)).join(" "),
      FIU_CTRL_FIFO: control,
    };
    const up = await upUnderLoad(data, Math.floor(random() * 2 ** 31), { environment, mayFail: true });
    const tell = (commands: readonly string[]) =>
      execFileSync("fiu-ctrl", ["-f", control, ...commands.flatMap((command) => ["-c", command]), String(up.pid)]);
    try {
      for (let round = 0; round < times(4); round++) {
        const probability = 0.003 * 3 ** (round % 4);
        const failinfo = Object.values(ERRORS)[round % 2];
        tell(CALLS.map((name) => `enable_random name=posix/${name},probability=${probability},failinfo=${failinfo}`));
        await new Promise((resolve) => setTimeout(resolve, 500 + random() * 1500));
        tell(CALLS.map((name) => `disable name=posix/${name}`));
        const [acknowledged, runs] = [up.acknowledged.size, up.runs];
        await expect.poll(() => up.acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(acknowledged);
        await expect.poll(() => up.runs, { timeout: 30_000 }).toBeGreaterThan(runs);
      }
    } finally {
      await up[Symbol.asyncDispose]();
    }
    expect(up.refused).toBeGreaterThan(0);
    const { problems, ...report } = await checkImage(data, up.acknowledged, up.posters);
    expect(problems).toEqual([]);
    process.stderr.write(`failing calls: ${JSON.stringify({ ...report, refused: up.refused, runs: up.runs })}\n`);
  },
);
