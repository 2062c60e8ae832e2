import { z } from "zod";
import { type ColumnType, isColumnType } from "./column-type.ts";
import { parseDefinition } from "./parse-definition.ts";

const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, "must be lower-case letters, digits and _, starting with a letter");
const columnType = z.custom<ColumnType>((value) => typeof value === "string" && isColumnType(value), {
  message: "must be a column type such as STRING, BIGINT, DOUBLE or TIMESTAMP",
});

/**
 * A parameter reaches the SQL as a column of the one-row relation `params`. `integer` is BIGINT; `all` is allowed
 * beside a number where `orAll` is set and arrives as NULL, a number below `min` is refused. `choice` is STRING.
 */
const parameter = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("integer"),
    default: z.union([z.int(), z.literal("all")]),
    orAll: z.boolean().default(false),
    /** The least that may be asked for. */
    min: z.int().optional(),
    description: z.string().default(""),
  }),
  z.strictObject({
    type: z.literal("choice"),
    choices: z.array(z.string().min(1)).min(1),
    default: z.string(),
    description: z.string().default(""),
  }),
  z.strictObject({ type: z.literal("text"), default: z.string(), description: z.string().default("") }),
]);

const answerSchema = z.strictObject({
  name: identifier,
  title: z.string().min(1),
  /** Datasets and other answers that the SQL reads, each under its own name. */
  from: z.array(identifier).min(1),
  columns: z.array(z.strictObject({ name: identifier, type: columnType })).min(1),
  parameters: z.record(identifier, parameter).default({}),
  /** One SELECT in the portable subset, ordered by columns that make the order total. */
  sql: z.string().min(1),
});

export type AnswerInput = z.input<typeof answerSchema>;
export type Answer = z.output<typeof answerSchema>;
export type AnswerParameter = z.output<typeof parameter>;

/** Defines an answer. Throws CONFIG_INVALID naming each wrong key and what is allowed there. */
export function defineAnswer(input: AnswerInput): Answer {
  return parseDefinition("answer", answerSchema, input, (answer) =>
    Object.entries(answer.parameters).flatMap(([name, value]) => {
      if (value.type === "choice" && !value.choices.includes(value.default))
        return [`parameters.${name}.default: must be one of ${value.choices.join(", ")}`];
      if (value.type === "integer" && value.default === "all" && !value.orAll)
        return [`parameters.${name}.default: must be an integer unless orAll is set`];
      if (value.type === "integer" && value.default !== "all" && value.default < (value.min ?? value.default))
        return [`parameters.${name}.default: must be at least ${value.min}`];
      return [];
    }),
  );
}
