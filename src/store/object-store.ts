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
 * Objects under keys, as in S3. A key is one or more `/`-separated parts, each 1 to 255 bytes, none `.` or `..`.
 *
 * Promises every driver keeps (test/conformance/object-store.ts):
 * - `putIfAbsent`: of any number of racing callers exactly one resolves true.
 * - A reader sees a whole object or none, also after kill -9 or power loss once `put` resolved.
 * - `list` yields keys in byte order.
 * - Keys cannot escape the root: OBJECT_KEY_INVALID.
 * - Writing throws STORAGE_FULL or STORAGE_FAILED and then leaves nothing behind.
 */
export interface ObjectStore extends AsyncDisposable {
  readonly supports: {
    readonly conditionalPut: boolean;
    readonly localPath: boolean;
    readonly durable: boolean;
  };
  put(key: string, body: Uint8Array): Promise<void>;
  /** Resolves false when the key exists already; the stored object is then untouched. */
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
  /**
   * The object's path on this machine, for engines that read files; undefined when the store has none. The path also
   * tells where a file may be placed: `adoptFile` makes it the object.
   */
  localPath(key: string): string | undefined;
  /** Moves a finished local file in as an object, synced; the key must be free (unique names), else false. */
  adoptFile(key: string, path: string): Promise<boolean>;
}
