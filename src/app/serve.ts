import type { Clock } from "../clock.ts";
import type { Project } from "../config/load-project.ts";
import type { Operations } from "../console/operations.ts";
import { codeOf } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { ensureToken } from "./console-token.ts";
import type { DataFolder } from "./data-folder.ts";
import type { FolderLock } from "./lock.ts";
import type { Logger } from "./logger.ts";
import { runningStage } from "./running-stage.ts";
import type { Stages } from "./stages.ts";
import type { Topics } from "./topics.ts";
import { watchRetention } from "./watch-retention.ts";
import { watchStages } from "./watch-stages.ts";

export interface ServeParts {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly lock: FolderLock;
  readonly log: EventLog;
  readonly stages: Stages;
  readonly topics: Topics;
  readonly operations: Operations;
  readonly logger: Logger;
}

/** Everything running and listening. */
export interface Serving extends AsyncDisposable {
  /** Where clients post. */
  readonly gateway: string;
  readonly console: string;
  /** Rejects when a stage ends in a way that trying again does not mend. Whatever else runs goes on, and is to be drained. */
  readonly failed: Promise<never>;
  /** What has ended a stage, or keeps one from going on; undefined when nothing does. */
  failure(): unknown;
}

/**
 * Starts the stages, then listens. Throws LOG_BEHIND, DEFINITION_CHANGED, REBUILD_UNFINISHED, PORT_UNAVAILABLE.
 *
 * It stops from the outside in: no request comes any more, the stream tables take what was acknowledged, the sink lands
 * it, and only then the stages end.
 */
export async function serve(parts: ServeParts): Promise<Serving> {
  const { project, folder, clock, lock, log, stages, topics, operations, logger } = parts;
  const { config } = project;
  const [{ startGateway }, { startConsole }] = await Promise.all([
    import("../gateway/server.ts"),
    import("../console/server.ts"),
  ]);
  const failure = Promise.withResolvers<never>();
  let ending: unknown;
  failure.promise.catch((error: unknown) => {
    ending = error;
  });
  const onFailure = (stage: string, error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error(
      { stage, code: codeOf(error) },
      `${stage} ended; the gateway goes on, and keeps what comes: ${reason}`,
    );
    failure.reject(error);
  };

  await using running = new AsyncDisposableStack();
  const ended = new AbortController();
  running.defer(() => ended.abort());
  void watchRetention({ log, logger, clock, signal: ended.signal });
  void watchStages({ sink: stages.sink, stream: stages.stream, logger, clock, signal: ended.signal });
  const token = ensureToken(folder);
  await stages.sink.prepare();
  await topics.createOwn();
  await stages.stream.check();
  const sink = runningStage("sink", (signal) => stages.sink.run(signal), onFailure);
  running.defer(() => sink.stop());
  sink.start();
  let checked = true;
  // A later start finds tables that changed while it rested; what is wrong with them then is the stage's failure.
  const runStream = async (signal: AbortSignal) => {
    if (!checked) await stages.stream.check();
    checked = false;
    await stages.stream.run(signal);
  };
  const stream = runningStage("stream", runStream, onFailure);
  running.defer(() => stream.stop());
  stream.start();
  running.use(stages.pausableStream(stream));
  running.defer(() => drain(stages));

  const { host, port, stages: prefixes, maxBodyBytes, maxInFlightBytes } = config.gateway;
  const { autoCreate, partitions, maxRecordBytes } = config.log;
  const gateway = await startGateway({
    log,
    clock,
    logger,
    config: { host, port, stages: prefixes, maxBodyBytes, maxInFlightBytes, autoCreate, partitions, maxRecordBytes },
  });
  running.defer(() => gateway.close());
  const consoleServer = await startConsole({ ...config.console, token, operations });
  running.defer(() => consoleServer.close());
  lock.announce({ gateway: gateway.url, console: consoleServer.url });

  const kept = running.move();
  return {
    gateway: gateway.url,
    console: consoleServer.url,
    failed: failure.promise,
    failure: () => ending ?? stages.stream.failure(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const DRAIN_MS = 30_000;

/** What does not get through in time is not lost: it is in the log, and the next start takes it. */
async function drain({ stream, sink }: Stages): Promise<void> {
  const signal = AbortSignal.timeout(DRAIN_MS);
  await stream.caughtUp(signal).catch(() => undefined);
  await sink.flush({ signal }).catch(() => undefined);
}
