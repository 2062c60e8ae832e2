/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}

export interface ListOptions {
  /** Keys after this one, in byte order. */
  readonly startAfter?: string;
  readonly signal?: AbortSignal;
}

/** A body that is written piece by piece. Nothing is visible before `commit`; `abort` leaves nothing behind. */
export interface ObjectWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the object visible if its key is free; false when it is taken: the stored object is then untouched. */
  commitIfAbsent(): Promise<boolean>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/**
 * Objects under keys, as in S3. A key is 1 to 1024 bytes of `/`-separated parts, each 1 to 255 bytes, none `.` or `..`,
 * without NUL and backslash.
 *
 * Promises every driver keeps (test/conformance/object-store.ts):
 * - `putIfAbsent`: of any number of racing callers exactly one resolves true.
 * - A reader sees a whole object or none, also after kill -9 or power loss once `put` resolved.
 * - `list` yields keys in byte order.
 * - Keys cannot escape the root: OBJECT_KEY_INVALID.
 * - Writing throws STORAGE_FULL or STORAGE_FAILED and then leaves no part behind: the key holds what it held or, when
 *   only the last sync failed, the whole new object.
 */
export interface ObjectStore extends AsyncDisposable {
  readonly supports: {
    readonly conditionalPut: boolean;
    readonly localPath: boolean;
    readonly durable: boolean;
  };
  put(key: string, body: Uint8Array): Promise<void>;
  /** Resolves false when the key exists already; the stored object is then untouched, and durable even if its writer died. */
  putIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  /** Starts a streaming put. */
  writer(key: string): Promise<ObjectWriter>;
  /** Throws OBJECT_NOT_FOUND. */
  get(key: string, options?: { readonly range?: ByteRange; readonly signal?: AbortSignal }): Promise<Uint8Array>;
  /** Throws OBJECT_NOT_FOUND. */
  stream(key: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<Uint8Array>;
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;
  /** undefined when there is no such object. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
  /** The object's path on this machine, for engines that read files; undefined when the store has none. */
  localPath(key: string): string | undefined;
  /**
   * A new path on this machine where an engine may make a file for `adoptFile` without its bytes being copied; undefined
   * when the store has none. No object, never listed; what a dead process left there is removed at a later start.
   */
  stagingPath(): Promise<string | undefined>;
  /** Moves a finished local file in as an object, synced; false when the key is taken: the file is then left where it is. */
  adoptFile(key: string, path: string): Promise<boolean>;
}
