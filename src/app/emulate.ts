import type { Clock } from "../clock.ts";
import type { Project } from "../config/load-project.ts";
import { type EmulatorResult, requireAllAccepted, runEmulator } from "../emulator/emulate.ts";
import { PinlakeError } from "../errors.ts";
import type { DataFolder } from "./data-folder.ts";
import { openSource } from "./drivers.ts";

export { type EmulatorResult, requireAllAccepted };

export interface EmulateOptions {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly url: string;
  readonly to: "batch" | "stream" | "both";
  readonly random: "python" | "uniform" | "all";
  readonly seed: number;
  readonly inFlight: number;
  readonly posts?: number;
  readonly delay?: { readonly minMs: number; readonly maxMs: number };
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: EmulatorResult) => void;
}

/** Posts the source's rows of every dataset that has a table there. Throws SOURCE_MISSING. */
export async function emulate({ project, folder, ...options }: EmulateOptions): Promise<EmulatorResult> {
  const datasets = project.datasets.flatMap(({ name, sourceTable }) =>
    sourceTable === undefined ? [] : [{ name, table: sourceTable }],
  );
  if (datasets.length === 0)
    throw new PinlakeError("CONFIG_INVALID", {
      file: project.folder,
      problems: ["datasets: none names a sourceTable, so there is nothing to post"],
    });
  await using source = await openSource(folder);
  return await runEmulator({ ...options, source, datasets, namespace: project.config.namespace });
}
