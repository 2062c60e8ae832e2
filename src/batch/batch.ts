import type { Clock } from "../clock.ts";
import type { Answer } from "../define/answer.ts";
import type { Dataset } from "../define/dataset.ts";
import { foreignMarkers } from "../engine/clean.ts";
import type { QueryEngine, QueryResult } from "../engine/query-engine.ts";
import { PinlakeError } from "../errors.ts";
import { cleanTablePrefix } from "../quarantine/clean-table.ts";
import { type Taken, takenBy } from "../quarantine/progress.ts";
import { openQuarantine, type Quarantine } from "../quarantine/quarantine.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Table } from "../table/table.ts";
import { type AnswerOptions, type AnswerRun, computeAnswer, runAnswers, storedAnswer } from "./answers.ts";
import { type DatasetRun, type DatasetRunOptions, runDataset } from "./run-dataset.ts";

export interface BatchOptions {
  /** Where the landed objects are. */
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  /** By prefix: `batch/<dataset>`, `batch/quarantine`, `answers/<answer>`. */
  readonly openTable: (prefix: string) => Table;
  readonly datasets: readonly Dataset[];
  readonly answers: readonly Answer[];
  readonly folders: {
    /** Gets `<answer>.json` and `<answer>.csv`. */
    readonly answers: string;
    /** For files between the stages; each run removes its own. */
    readonly temp: string;
  };
  readonly clock: Clock;
  /** What the engine may use before it spills, where a call does not say. */
  readonly memory?: string;
  /** The log gives every offset a record, so that every offset has an object: one without is damage. Default false. */
  readonly denseOffsets?: boolean;
  /** Text of raw objects that is cleaned in one go; default 64 MiB. */
  readonly chunkBytes?: number;
}

const CHUNK_BYTES = 64 * 1024 * 1024;

/** The batch arm: objects to clean tables to answers. */
export interface Batch {
  readonly quarantine: Quarantine;
  /**
   * Brings one dataset's table up to date; runs of one dataset come one after another. Throws UNKNOWN_NAME, DEFINITION_CHANGED, REBUILD_UNFINISHED; with `full` it
   * rebuilds instead. Throws OBJECTS_DAMAGED when objects that it needs, or was made of, are gone or cut.
   */
  runDataset(name: string, options?: DatasetRunOptions): Promise<DatasetRun>;
  /** Computes and stores the named answers, all when none is named, over one set of table versions. */
  runAnswers(names?: readonly string[], options?: AnswerOptions): Promise<readonly AnswerRun[]>;
  /** Computes one answer with these parameters and stores nothing. */
  answer(name: string, parameters?: Readonly<Record<string, string>>, options?: AnswerOptions): Promise<QueryResult>;
  /** An answer as it was stored last. Throws UNKNOWN_NAME, TABLE_NOT_FOUND. */
  storedAnswer(name: string, options?: AnswerOptions): Promise<QueryResult>;
  /** How far each dataset's table has come: for checks that what it was made of is still there. */
  taken(): Promise<readonly (Taken & { readonly dataset: string })[]>;
}

export function createBatch(options: BatchOptions): Batch {
  const { store, engine, openTable, datasets, answers, folders, clock } = options;
  const quarantine = openQuarantine({ openTable, arm: "batch", clock });
  const answerParts = { engine, openTable, datasets, answers, folder: folders.answers };
  const tableOf = (dataset: string) => openTable(cleanTablePrefix("batch", dataset));
  const running = new Map<string, Promise<unknown>>();
  const withMemory = <O extends { readonly memory?: string }>(given: O): O =>
    given.memory === undefined && options.memory !== undefined ? { ...given, memory: options.memory } : given;

  return {
    quarantine,

    async runDataset(name, given = {}) {
      const dataset = datasets.find((one) => one.name === name);
      if (dataset === undefined)
        throw new PinlakeError("UNKNOWN_NAME", { what: "dataset", name, known: datasets.map((one) => one.name) });
      const before = running.get(name);
      const mine = (before ?? Promise.resolve()).then(() =>
        runDataset(
          {
            store,
            engine,
            table: tableOf(name),
            quarantine,
            dataset,
            foreignMarkers: foreignMarkers(dataset, datasets),
            tempFolder: folders.temp,
            dense: options.denseOffsets ?? false,
            clock,
            chunkBytes: options.chunkBytes ?? CHUNK_BYTES,
          },
          withMemory(given),
        ),
      );
      running.set(
        name,
        mine.catch(() => undefined),
      );
      return mine;
    },

    runAnswers: (names, given = {}) => runAnswers(answerParts, names, withMemory(given)),
    answer: (name, parameters = {}, given = {}) => computeAnswer(answerParts, name, parameters, withMemory(given)),
    storedAnswer: (name, given = {}) => storedAnswer(answerParts, name, withMemory(given)),

    async taken() {
      const all = [];
      for (const { name: dataset } of datasets)
        for (const taken of takenBy(await tableOf(dataset).find(), "batch")) all.push({ ...taken, dataset });
      return all;
    },
  };
}
