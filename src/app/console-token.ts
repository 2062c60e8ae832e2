import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { PinlakeError } from "../errors.ts";
import type { DataFolder } from "./data-folder.ts";

/** The console's token, made at the first start and kept: only the folder's owner can read it. */
export function ensureToken({ token }: DataFolder): string {
  const known = readToken(token);
  if (known !== undefined) {
    chmodSync(token, 0o600);
    return known;
  }
  const made = randomBytes(32).toString("base64url");
  const temp = `${token}.${process.pid}`;
  const file = openSync(temp, "w", 0o600);
  try {
    writeSync(file, `${made}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temp, token);
  return made;
}

/** Throws FOLDER_UNUSABLE when it is there and may not be read. */
export function readToken(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8").trim();
    return text === "" ? undefined : text;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new PinlakeError("FOLDER_UNUSABLE", { folder: path, reason: message }, { cause: error });
  }
}
