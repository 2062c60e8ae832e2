import { pathToFileURL } from "node:url";
import { isPinlakeError, PinlakeError } from "../errors.ts";

/**
 * The default export of a project's file. Throws CONFIG_INVALID or CONFIG_NOT_LOADED naming the file: mistakes that a
 * definition reports while the file is evaluated included.
 */
export async function loadModule(path: string): Promise<unknown> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (error) {
    throw inFile(path, error);
  }
  if (loaded.default === undefined)
    throw new PinlakeError("CONFIG_NOT_LOADED", { file: path, reason: "it has no default export" });
  return loaded.default;
}

/** Runs `define` over what a file holds, so that its complaints name the file. */
export function definedIn<T>(path: string, define: () => T): T {
  try {
    return define();
  } catch (error) {
    throw inFile(path, error);
  }
}

function inFile(path: string, error: unknown): PinlakeError {
  if (isPinlakeError(error, "CONFIG_INVALID")) {
    const { file, problems } = error.details;
    return new PinlakeError("CONFIG_INVALID", { file: file.includes(path) ? file : path, problems }, { cause: error });
  }
  if (isPinlakeError(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new PinlakeError("CONFIG_NOT_LOADED", { file: path, reason }, { cause: error });
}
