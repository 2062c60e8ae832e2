import { join } from "node:path";

/** Where everything lies under one data folder. */
export interface DataFolder {
  readonly root: string;
  readonly log: string;
  readonly objects: string;
  readonly tables: string;
  /** The answers as CSV and JSON. */
  readonly answers: string;
  readonly source: string;
  readonly state: string;
  readonly lock: string;
  /** Who holds the lock, and where it listens. */
  readonly up: string;
  readonly token: string;
  /** What may be thrown away at any start. */
  readonly temp: string;
}

export function dataFolder(root: string): DataFolder {
  const at = (name: string) => join(root, name);
  return {
    root,
    log: at("log"),
    objects: at("objects"),
    tables: at("tables"),
    answers: at("answers"),
    source: at("source.db"),
    state: at("state.db"),
    lock: at("lock.db"),
    up: at("up.json"),
    token: at("console.token"),
    temp: at("temp"),
  };
}
