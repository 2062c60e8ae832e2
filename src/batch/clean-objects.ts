import type { Clock } from "../clock.ts";
import type { Dataset } from "../define/dataset.ts";
import { type CleanedFiles, cleanFiles, type RawInput } from "../engine/clean-files.ts";
import type { QuerySession } from "../engine/query-engine.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { inGroups, rawInput, type TakenObject } from "./take.ts";

/** The table of a run's session with the rows for the quarantine. */
export const BAD = "batch_bad";

export interface CleaningParts {
  readonly store: ObjectStore;
  readonly dataset: Dataset;
  /** Fields that only the records of other datasets have. */
  readonly foreignMarkers: readonly string[];
  readonly clock: Clock;
  /** Text of raw objects that becomes one file, at most. */
  readonly chunkBytes: number;
}

/** Cleans objects into files in the folder, and into BAD. */
export async function cleanObjects(
  session: QuerySession,
  { store, dataset, clock, foreignMarkers, chunkBytes }: CleaningParts,
  objects: readonly TakenObject[],
  { folder, signal }: { readonly folder: string; readonly signal?: AbortSignal },
): Promise<CleanedFiles> {
  async function* groups(): AsyncGenerator<RawInput[]> {
    for (const group of inGroups(objects, { maxBytes: chunkBytes, atOnce: session.parallelism })) {
      const inputs = [];
      for (const object of group) inputs.push(await rawInput(store, object, folder, signal));
      yield inputs;
    }
  }
  const options = { badInto: BAD, folder, nowMs: clock.now(), foreignMarkers, ...(signal && { signal }) };
  return cleanFiles(session, dataset, groups(), options);
}
