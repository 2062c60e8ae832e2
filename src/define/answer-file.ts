import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { isPinlakeError, PinlakeError } from "../errors.ts";
import { type Answer, type AnswerInput, defineAnswer } from "./answer.ts";
import { portabilityProblems, ROW_FUNCTIONS, SET_FUNCTIONS } from "./portable-sql.ts";

type Parameter = NonNullable<AnswerInput["parameters"]>[string];

const HEADER_LINE = /^--\s*([a-z]+)\s*:\s*(.*)$/;
const INTEGER = /^integer(?: from (-?[0-9]{1,15}))?(\|all)?$/;
const PARAMETER = /^([a-z][a-z0-9_]*)\s*,\s*([^,]+?)\s*,\s*default\s+([^,]+?)\s*(?:,\s*(.*))?$/;

/**
 * Reads an answer: one SELECT behind a header of comment lines.
 *
 *     -- title: Users who joined in each year
 *     -- from: user
 *     -- columns: post_year INT, number_users_joined BIGINT
 *     -- parameter: from, integer, default 2015, the first year
 *     -- parameter: top, integer from 1|all, default all, how many places
 *     -- parameter: count, people|posts, default people, what is counted
 *     -- parameter: name, text, default x, any text
 *
 * Throws CONFIG_INVALID naming the file and each wrong key.
 */
export async function readAnswer(path: string): Promise<Answer> {
  return parseAnswer(path, await readFile(path, "utf8"));
}

export function parseAnswer(path: string, text: string): Answer {
  const problems: string[] = [];
  const header = parseHeader(text, problems);
  const input: AnswerInput = {
    name: basename(path, ".sql"),
    title: header.get("title")?.[0] ?? "",
    from: list(header.get("from")?.[0]),
    columns: splitOutside(header.get("columns")?.[0] ?? "").map((column) => {
      const [name = "", type = ""] = column.split(/\s+(.*)/s);
      return { name, type: type as AnswerInput["columns"][number]["type"] };
    }),
    parameters: Object.fromEntries((header.get("parameter") ?? []).flatMap((line) => parameter(line, problems))),
    sql: text.replace(/;\s*$/, ""),
  };
  for (const key of ["title", "from", "columns"])
    if (!header.has(key)) problems.push(`${key}: the header has no line "-- ${key}: …"`);
  problems.push(...portabilityProblems(input.sql, [...ROW_FUNCTIONS, ...SET_FUNCTIONS]));
  if (problems.length > 0) throw new PinlakeError("CONFIG_INVALID", { file: path, problems });
  try {
    return defineAnswer(input);
  } catch (error) {
    if (!isPinlakeError(error, "CONFIG_INVALID")) throw error;
    throw new PinlakeError("CONFIG_INVALID", { file: path, problems: error.details.problems }, { cause: error });
  }
}

const KEYS = ["title", "from", "columns", "parameter"];

/** The values of the comment lines at the top, by key. */
function parseHeader(text: string, problems: string[]): Map<string, string[]> {
  const header = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() !== "" && !line.startsWith("--")) break;
    const [, key, value] = HEADER_LINE.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    const values = header.get(key) ?? [];
    if (!KEYS.includes(key)) problems.push(`${key}: unknown key; allowed: ${KEYS.join(", ")}`);
    else if (values.length > 0 && key !== "parameter") problems.push(`${key}: stands twice`);
    header.set(key, [...values, value.trim()]);
  }
  return header;
}

function parameter(line: string, problems: string[]): [string, Parameter][] {
  const [, name, type, given, description = ""] = PARAMETER.exec(line) ?? [];
  if (name === undefined || type === undefined || given === undefined) {
    problems.push(
      `parameter: "${line}" is not "name, type, default value, description" with type integer, integer|all, text or choices such as all|first`,
    );
    return [];
  }
  if (type === "text") return [[name, { type: "text", default: given, description }]];
  const integer = INTEGER.exec(type);
  if (integer === null && type.includes("|")) {
    const choices = type.split("|").map((choice) => choice.trim());
    return [[name, { type: "choice", choices, default: given, description }]];
  }
  if (integer === null) {
    problems.push(
      `parameter ${name}: "${type}" is no type; allowed: integer, integer|all, integer from 1, text, choices such as all|first`,
    );
    return [];
  }
  if (given !== "all" && !/^-?[0-9]{1,15}$/.test(given)) {
    problems.push(`parameter ${name}: its default "${given}" is no integer`);
    return [];
  }
  const value = given === "all" ? "all" : Number(given);
  const [, min, all] = integer;
  const least = min === undefined ? {} : { min: Number(min) };
  return [[name, { type: "integer", default: value, orAll: all !== undefined, ...least, description }]];
}

const list = (text = ""): string[] => text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));

/** Parts between commas that are in no parentheses: `DECIMAL(10,2)` is one. */
function splitOutside(text: string): string[] {
  return text.split(/,(?![^(]*\))/).flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
}
