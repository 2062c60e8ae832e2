import { readFile, rm } from "node:fs/promises";
import { PinlakeError } from "../errors.ts";
import { checkKey, compareKeys } from "./object-key.ts";
import type { ObjectStore } from "./object-store.ts";

interface Stored {
  readonly body: Uint8Array;
  readonly modifiedAtMs: number;
}

/** Objects in this process's memory. Not durable; nothing else sets it apart from the other drivers. */
export function createMemoryStore(): ObjectStore {
  const objects = new Map<string, Stored>();

  const place = (key: string, body: Uint8Array) => {
    objects.set(key, { body, modifiedAtMs: Date.now() });
  };
  const placeIfAbsent = (key: string, body: Uint8Array) => {
    if (objects.has(key)) return false;
    place(key, body);
    return true;
  };
  const find = (key: string): Stored => {
    checkKey(key);
    const stored = objects.get(key);
    if (stored === undefined) throw new PinlakeError("OBJECT_NOT_FOUND", { key });
    return stored;
  };

  return {
    supports: { conditionalPut: true, localPath: false, durable: false },
    async put(key, body) {
      checkKey(key);
      place(key, body.slice());
    },
    async putIfAbsent(key, body) {
      checkKey(key);
      return placeIfAbsent(key, body.slice());
    },
    async writer(key) {
      checkKey(key);
      let chunks: Uint8Array[] | undefined = [];
      const finish = (): Uint8Array => {
        if (chunks === undefined) throw new PinlakeError("CLOSED", { what: `The writer of "${key}"` });
        const body = Buffer.concat(chunks);
        chunks = undefined;
        return new Uint8Array(body);
      };
      return {
        async write(chunk) {
          if (chunks === undefined) throw new PinlakeError("CLOSED", { what: `The writer of "${key}"` });
          chunks.push(chunk.slice());
        },
        commitIfAbsent: async () => placeIfAbsent(key, finish()),
        commit: async () => place(key, finish()),
        async abort() {
          chunks = undefined;
        },
      };
    },
    async get(key, options) {
      const { body } = find(key);
      options?.signal?.throwIfAborted();
      return options?.range === undefined ? body.slice() : body.slice(options.range.start, options.range.end);
    },
    async *stream(key, options) {
      const { body } = find(key);
      options?.signal?.throwIfAborted();
      if (body.length > 0) yield body.slice();
    },
    async *list(prefix, options) {
      const after = options?.startAfter;
      const keys = [...objects.keys()]
        .filter((key) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0))
        .sort(compareKeys);
      for (const key of keys) {
        options?.signal?.throwIfAborted();
        const stored = objects.get(key);
        if (stored !== undefined) yield { key, bytes: stored.body.length, modifiedAtMs: stored.modifiedAtMs };
      }
    },
    async head(key) {
      checkKey(key);
      const stored = objects.get(key);
      return stored && { key, bytes: stored.body.length, modifiedAtMs: stored.modifiedAtMs };
    },
    async delete(key) {
      checkKey(key);
      objects.delete(key);
    },
    localPath: () => undefined,
    stagingPath: async () => undefined,
    async adoptFile(key, path) {
      checkKey(key);
      const adopted = placeIfAbsent(key, new Uint8Array(await readFile(path)));
      if (adopted) await rm(path);
      return adopted;
    },
    async [Symbol.asyncDispose]() {
      objects.clear();
    },
  };
}
