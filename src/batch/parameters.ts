import type { Answer, AnswerParameter } from "../define/answer.ts";
import type { SqlValue } from "../engine/query-engine.ts";
import type { Column } from "../engine/schema.ts";
import { PinlakeError } from "../errors.ts";

/** The one-row relation `params`; undefined for an answer without parameters. */
export interface ParameterRow {
  readonly columns: readonly Column[];
  readonly row: readonly SqlValue[];
}

/** What a user gave, by name, over the answer's defaults. Throws UNKNOWN_NAME, USAGE. */
export function parameterRow(answer: Answer, given: Readonly<Record<string, string>> = {}): ParameterRow | undefined {
  const known = Object.keys(answer.parameters);
  for (const name of Object.keys(given))
    if (!known.includes(name))
      throw new PinlakeError("UNKNOWN_NAME", { what: `parameter of ${answer.name}`, name, known });
  if (known.length === 0) return undefined;
  const values = Object.entries(answer.parameters).map(([name, parameter]) => {
    const text = Object.hasOwn(given, name) ? given[name] : undefined;
    return { name, parameter, value: text === undefined ? defaultValue(parameter) : parse(name, parameter, text) };
  });
  return {
    columns: values.map(({ name, parameter }) => ({ name, type: parameter.type === "integer" ? "long" : "string" })),
    row: values.map(({ value }) => value),
  };
}

function defaultValue(parameter: AnswerParameter): SqlValue {
  if (parameter.type !== "integer") return parameter.default;
  return parameter.default === "all" ? null : BigInt(parameter.default);
}

function parse(name: string, parameter: AnswerParameter, text: string): SqlValue {
  switch (parameter.type) {
    case "text":
      return text;
    case "choice":
      if (parameter.choices.includes(text)) return text;
      throw usage(name, text, `one of ${parameter.choices.join(", ")}`);
    case "integer":
      return parseInteger(name, parameter, text);
  }
}

function parseInteger(name: string, { orAll, min }: IntegerParameter, text: string): SqlValue {
  if (orAll && text === "all") return null;
  const value = /^-?[0-9]{1,18}$/.test(text) ? BigInt(text) : undefined;
  if (value !== undefined && (min === undefined || value >= BigInt(min))) return value;
  throw usage(name, text, `an integer${min === undefined ? "" : ` from ${min} on`}${orAll ? " or all" : ""}`);
}

type IntegerParameter = Extract<AnswerParameter, { readonly type: "integer" }>;

const usage = (name: string, text: string, allowed: string) =>
  new PinlakeError("USAGE", { message: `--param ${name}=${text}: must be ${allowed}.` });
