import type { Batch } from "../batch/batch.ts";
import type { Clock } from "../clock.ts";
import type { Project } from "../config/load-project.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import type { EventLog } from "../log/event-log.ts";
import type { Sink } from "../sink/sink.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { StreamArm } from "../stream/stream-arm.ts";
import type { DataFolder } from "./data-folder.ts";
import type { OpenTable } from "./drivers.ts";
import type { RunningStage } from "./running-stage.ts";

export interface StageParts {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly objects: ObjectStore;
  readonly engine: QueryEngine;
  readonly openTable: OpenTable;
}

/** What takes records from the log, and what makes tables of objects. */
export interface Stages extends AsyncDisposable {
  readonly sink: Sink;
  readonly stream: StreamArm;
  readonly batch: Batch;
  readonly openTable: OpenTable;
  /** Does work that the stream arm must rest for; a running arm goes on afterwards. */
  withoutStream<T>(work: () => Promise<T>): Promise<T>;
  /** Says that this is the stream arm's loop, until it is disposed of. */
  pausableStream(loop: RunningStage): Disposable;
}

export async function makeStages(parts: StageParts): Promise<Stages> {
  const { folder, clock, log, objects, engine, openTable } = parts;
  const { config, datasets, answers } = parts.project;
  const [{ createSink }, { createStreamArm }, { createBatch }] = await Promise.all([
    import("../sink/sink.ts"),
    import("../stream/stream-arm.ts"),
    import("../batch/batch.ts"),
  ]);
  const { compression, ...limits } = config.sink;
  const sink = createSink({ log, store: objects, limits, compression, clock });
  const stream = createStreamArm({
    log,
    store: objects,
    engine,
    openTable,
    datasets,
    config: config.stream,
    tempFolder: folder.temp,
    clock,
  });
  const batch = createBatch({
    store: objects,
    engine,
    openTable,
    datasets,
    answers,
    folders: { answers: folder.answers, temp: folder.temp },
    clock,
    denseOffsets: log.supports.denseOffsets,
    ...(config.engine.memory === undefined ? {} : { memory: config.engine.memory }),
  });
  let loop: RunningStage | undefined;
  return {
    sink,
    stream,
    batch,
    openTable,
    async withoutStream(work) {
      const paused = loop;
      await paused?.stop();
      try {
        return await work();
      } finally {
        if (paused !== undefined && paused === loop) paused.start();
      }
    },
    pausableStream(running) {
      loop = running;
      return {
        [Symbol.dispose]: () => {
          loop = undefined;
        },
      };
    },
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  };
}
