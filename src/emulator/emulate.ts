import type { Clock } from "../clock.ts";
import type { SourceRow } from "../define/source.ts";
import { PinlakeError } from "../errors.ts";
import type { RetryPolicy } from "../retry.ts";
import type { Source } from "../source/source.ts";
import { httpClient } from "./http-client.ts";
import { type Draw, type Key, type PlannedPost, plan } from "./plan.ts";
import { postRequest, rowText, type Target } from "./requests.ts";
import { type PostFailure, sendRecord } from "./send-record.ts";
import { slots } from "./slots.ts";
import { findTargets } from "./targets.ts";

export interface EmulatorOptions {
  readonly source: Source;
  /** Each row of `table` is a record of the dataset. */
  readonly datasets: readonly { readonly name: string; readonly table: string }[];
  /** Of a gateway, or of the original's API; a path such as a stage's is kept. */
  readonly url: string;
  readonly namespace: string;
  readonly to: "batch" | "stream" | "both";
  /** How many posts to send; without it `python` and `uniform` go on until the signal aborts. */
  readonly posts?: number;
  readonly seed: number;
  readonly random: Draw;
  /** In front of each post. Default: what the draw says, also when it is made and not used. */
  readonly delay?: { readonly minMs: number; readonly maxMs: number };
  /** Posts under way at once. */
  readonly inFlight: number;
  readonly clock: Clock;
  readonly retries?: RetryPolicy;
  /** Ends the run: what is under way is finished and counted. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EmulatorResult) => void;
  readonly onFailure?: (failure: string) => void;
}

export interface EmulatorResult {
  /** Posts whose records were all accepted, and those of which one was not. */
  readonly posts: { readonly sent: number; readonly failed: number };
  /** Records: up to one per dataset and arm for each post. */
  readonly sent: number;
  readonly failed: number;
  /** Rows that one table lacks while others have them. */
  readonly missing: number;
  readonly firstFailure: string | undefined;
}

/** A server has this many connections to bear, however many posts are under way. */
const MAX_CONNECTIONS = 64;

/** Plays a source's rows as users' posts, over HTTP only. All records of one post go out together. */
export async function runEmulator(options: EmulatorOptions): Promise<EmulatorResult> {
  const { source, datasets, clock, signal } = options;
  const arms = options.to === "both" ? 2 : 1;
  const connections = Math.min(MAX_CONNECTIONS, Math.max(1, options.inFlight * datasets.length * arms));
  await using client = httpClient({ url: options.url, connections });
  const send = { client, clock, signal, ...(options.retries === undefined ? {} : { retries: options.retries }) };
  const targets = await findTargets({ client, datasets, namespace: options.namespace, to: options.to });
  const counts = { posts: { sent: 0, failed: 0 }, sent: 0, failed: 0, missing: 0 };
  let firstFailure: string | undefined;
  const result = (): EmulatorResult => ({ ...counts, posts: { ...counts.posts }, firstFailure });

  function failed(failure: PostFailure): void {
    const { request, status, body } = failure;
    const text = `${request.method} ${request.path} ${status === 0 ? "had no answer" : `answered ${status}`}: ${body.slice(0, 500)}`;
    firstFailure ??= text;
    counts.failed++;
    options.onFailure?.(text);
  }

  async function rowsOf(post: PlannedPost): Promise<ReadonlyMap<string, SourceRow>> {
    if (post.rows !== undefined) return post.rows;
    const found = new Map<string, SourceRow>();
    for (const { table } of datasets) {
      const row = await source.rowByKey(table, post.key);
      if (row !== undefined) found.set(table, row);
    }
    return found;
  }

  async function post(planned: PlannedPost): Promise<void> {
    const rows = await rowsOf(planned);
    counts.missing += datasets.length - rows.size;
    const outcomes = await Promise.all(requestsOf(planned.key, rows).map((request) => sendRecord(request, send)));
    const failures = outcomes.filter((failure) => failure !== undefined);
    counts.sent += outcomes.length - failures.length;
    for (const failure of failures) failed(failure);
    if (failures.length > 0) counts.posts.failed++;
    else if (outcomes.length > 0) counts.posts.sent++;
    options.onProgress?.(result());
  }

  const requestsOf = (key: Key, rows: ReadonlyMap<string, SourceRow>) =>
    datasets.flatMap(({ name, table }) => {
      const row = rows.get(table);
      if (row === undefined) return [];
      const text = rowText(row);
      return (targets.get(name) ?? []).map((target: Target) => postRequest(target, key, text));
    });

  const underWay = slots(options.inFlight);
  let started = 0;
  try {
    const tables = datasets.map(({ table }) => table);
    for await (const planned of plan({ source, tables, seed: options.seed, draw: options.random })) {
      if (started === options.posts) break;
      const delayMs = options.delay === undefined ? planned.delayMs : between(options.delay);
      if (delayMs > 0) await clock.sleep(delayMs, signal);
      await underWay.free();
      signal?.throwIfAborted();
      started++;
      underWay.run(post(planned));
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    await underWay.done();
  }
  return result();
}

/** Throws POSTS_FAILED unless everything that was sent was accepted. */
export function requireAllAccepted({ failed, sent, firstFailure }: EmulatorResult): void {
  if (failed > 0) throw new PinlakeError("POSTS_FAILED", { failed, sent, first: firstFailure ?? "" });
}

const between = ({ minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }): number =>
  minMs + Math.random() * (maxMs - minMs);
