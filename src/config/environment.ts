import type { z } from "zod";
import { configSchema } from "../define/config.ts";
import { PinlakeError } from "../errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Short names beside `PINLAKE__SECTION__KEY`. */
const SHORT_NAMES: Readonly<Record<string, readonly string[]>> = {
  PINLAKE_GATEWAY_PORT: ["gateway", "port"],
  PINLAKE_CONSOLE_PORT: ["console", "port"],
};

interface Override {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * Lays `PINLAKE__LOG__SEGMENT_BYTES=1000` and its like over a configuration. Case and single underscores do not count.
 * Throws CONFIG_INVALID for a variable that names no key, or whose text is no value of the key's type.
 */
export function applyEnvironment(config: unknown, environment: Environment): unknown {
  return overridesOf(environment).reduce((changed, { path, value }) => set(changed, path, value), config);
}

/** The variables that set something, by the key path that they set: for messages about a value that is not allowed. */
export function variablesByPath(environment: Environment): ReadonlyMap<string, string> {
  return new Map(overridesOf(environment).map(({ path, variable }) => [path.join("."), variable]));
}

function overridesOf(environment: Environment): Override[] {
  return Object.entries(environment).flatMap(([variable, text]) => {
    if (text === undefined) return [];
    const words =
      SHORT_NAMES[variable] ?? (variable.startsWith("PINLAKE__") ? variable.slice(9).split("__") : undefined);
    return words === undefined ? [] : [parseOverride(variable, words, text)];
  });
}

function parseOverride(variable: string, words: readonly string[], text: string): Override {
  const path: string[] = [];
  let schema: z.core.$ZodType = unwrap(configSchema);
  for (const word of words) {
    const shape = shapeOf(schema);
    const key = Object.keys(shape ?? {}).find((name) => plain(name) === plain(word));
    if (shape === undefined || key === undefined) {
      const known = shape === undefined ? "nothing below it" : Object.keys(shape).join(", ");
      fail(variable, `there is no key "${[...path, word].join(".")}"; known here: ${known}`);
    }
    path.push(key);
    schema = unwrap(shape[key] as z.core.$ZodType);
  }
  const section = shapeOf(schema);
  if (section !== undefined)
    fail(variable, `"${path.join(".")}" is a section; name one of its keys: ${Object.keys(section).join(", ")}`);
  return { variable, path, value: parseValue(variable, path.join("."), schema, text) };
}

function parseValue(variable: string, path: string, schema: z.core.$ZodType, text: string): unknown {
  switch (schema._zod.def.type) {
    case "number":
      if (!/^-?\d+(\.\d+)?$/.test(text.trim())) fail(variable, `${path} must be a number, not "${text}"`);
      return Number(text);
    case "boolean":
      if (!/^(true|false)$/i.test(text.trim())) fail(variable, `${path} must be true or false, not "${text}"`);
      return text.trim().toLowerCase() === "true";
    case "array":
      return text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
    default:
      return text;
  }
}

const plain = (name: string): string => name.replaceAll("_", "").toLowerCase();

/** The schema behind `.default()`, `.prefault()` and `.optional()`. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const def = schema._zod.def as { type: string; innerType?: z.core.$ZodType };
  return def.innerType !== undefined && ["default", "prefault", "optional"].includes(def.type)
    ? unwrap(def.innerType)
    : schema;
}

function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, unknown>> | undefined {
  return (schema._zod.def as { shape?: Record<string, unknown> }).shape;
}

function set(target: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const object = typeof target === "object" && target !== null ? (target as Record<string, unknown>) : {};
  return { ...object, [key]: set(object[key], rest, value) };
}

function fail(variable: string, problem: string): never {
  throw new PinlakeError("CONFIG_INVALID", { file: `environment variable ${variable}`, problems: [problem] });
}
