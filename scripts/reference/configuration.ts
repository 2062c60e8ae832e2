import { z } from "zod";
import { configSchema } from "../../src/define/config.ts";

/** What JSON Schema says of a key, as far as the configuration needs it. */
interface KeySchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly items?: KeySchema;
  readonly properties?: Readonly<Record<string, KeySchema>>;
}

export interface ConfigKey {
  /** `sink.maxRecords` */
  readonly path: string;
  readonly variable: string;
  readonly schema: KeySchema;
}

/** Every key that takes a value, section by section. */
export function configKeys(): ConfigKey[] {
  return Object.entries(sections()).flatMap(([name, schema]) =>
    schema.properties === undefined
      ? [configKey([name], schema)]
      : Object.entries(schema.properties).map(([key, inner]) => configKey([name, key], inner)),
  );
}

const sections = () => (z.toJSONSchema(configSchema, { io: "input" }) as KeySchema).properties ?? {};

function configKey(path: readonly string[], schema: KeySchema): ConfigKey {
  const words = path.map((key) => key.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase());
  return { path: path.join("."), variable: `PINLAKE__${words.join("__")}`, schema };
}

/** The page docs/reference/configuration.md. */
export function configurationPage(): string {
  const keys = configKeys();
  const parts = Object.entries(sections()).map(([name, { description = "", properties }]) => {
    const rows = keys.filter(({ path }) => path === name || path.startsWith(`${name}.`)).map(row);
    const words = properties === undefined ? "" : `${description}\n\n`;
    return `## \`${name}\`\n\n${words}| key | values | default | what it decides |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return `${INTRODUCTION}\n${parts.join("\n")}`;
}

const INTRODUCTION = `<!-- Made by \`npm run reference\` from src/define/config.ts: change it there. -->

# Configuration

A project's \`pinlake.config.ts\` is \`export default defineConfig({ … })\`, and every key is optional. A key that is not below, or a value that is not allowed, is refused
with its file, its path and what is allowed (exit 78). \`pinlake config\` prints what is in force, \`pinlake config check\` reads the whole project.

The environment comes last and wins: the variable beneath each key sets it. Case and single underscores do not count; several values are separated by commas.
\`PINLAKE_GATEWAY_PORT\` and \`PINLAKE_CONSOLE_PORT\` are short for the two ports, \`PINLAKE_DATA\` is the folder where everything is kept (\`--data\`).
`;

function row({ path, variable, schema }: ConfigKey): string {
  const cells = [
    `\`${path}\`<br>\`${variable}\``,
    valuesOf(schema),
    schema.default === undefined ? "" : defaultOf(schema.default),
    schema.description ?? "",
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function valuesOf(schema: KeySchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.type === "array") return `list of ${valuesOf(schema.items ?? {})}`;
  if (schema.type === "boolean") return "`true`, `false`";
  if (schema.type === "string") return schema.pattern === undefined ? "text" : `text like \`${schema.pattern}\``;
  return [schema.type === "integer" ? "whole number" : "number", rangeOf(schema)].join(" ").trim();
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: KeySchema): string {
  const from =
    minimum === undefined ? (exclusiveMinimum === undefined ? "" : `above ${exclusiveMinimum}`) : `from ${minimum}`;
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? from : `${from} to ${maximum}`;
}

function defaultOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(defaultOf).join(", ");
  return `\`${typeof value === "number" ? inUnits(value) : `${String(value)}\``}`;
}

/** Sizes are hard to read as numbers. */
const inUnits = (value: number): string =>
  value >= MIB && value % MIB === 0 ? `${value}\` (${value / MIB} MiB)` : `${value}\``;

const MIB = 1024 * 1024;
