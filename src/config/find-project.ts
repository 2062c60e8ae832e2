import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PinlakeError } from "../errors.ts";

const EXTENSIONS = ["ts", "js", "mjs"];

/** The project that the package ships; compiled beside the compiled engine when published. */
export const shippedProject: string = fileURLToPath(new URL("../../pinterest", import.meta.url));

/** The folder to load: the one asked for, else the current one if it holds a project, else the shipped one. */
export function findProject(asked: string | undefined, cwd: string): string {
  if (asked === undefined) return configFile(cwd) === undefined ? shippedProject : cwd;
  const folder = resolve(cwd, asked);
  if (!existsSync(folder))
    throw new PinlakeError("CONFIG_NOT_LOADED", { file: folder, reason: "there is no such folder" });
  if (configFile(folder) === undefined && definitionFiles(folder, "datasets").length === 0)
    throw new PinlakeError("CONFIG_NOT_LOADED", {
      file: folder,
      reason: "it holds no project: neither pinlake.config.ts (or .js, .mjs) nor datasets/*.ts",
    });
  return folder;
}

export function configFile(folder: string): string | undefined {
  return EXTENSIONS.map((extension) => join(folder, `pinlake.config.${extension}`)).find(existsSync);
}

/** The modules of one kind, by name. */
export function definitionFiles(folder: string, kind: "datasets" | "workflows"): string[] {
  return filesOf(join(folder, kind), (name) => !/\.d\.[cm]?ts$/.test(name) && EXTENSIONS.includes(extensionOf(name)));
}

export function answerFiles(folder: string): string[] {
  return filesOf(join(folder, "answers"), (name) => extensionOf(name) === "sql");
}

const extensionOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

function filesOf(folder: string, wanted: (name: string) => boolean): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith(".") && wanted(name))
    .sort()
    .map((name) => join(folder, name));
}
