/** A value as it travels to JSON: text, a number, or NULL. Dates are text in the source's own format. */
export type SourceValue = string | number | bigint | null;
export type SourceRow = Readonly<Record<string, SourceValue>>;

export interface SourceTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: "integer" | "real" | "text" | "datetime" }[];
  /** The column that rows are found by. */
  readonly key: string;
}

export interface GenerateOptions {
  readonly seed: number;
  /** Rows per table; default: as many as the source's original has. */
  readonly rows?: number;
}

/** A made-up source: the same seed gives the same rows. */
export interface SourceDefinition {
  readonly tables: readonly SourceTable[];
  generate(options: GenerateOptions): Iterable<{ readonly table: string; readonly row: SourceRow }>;
}

/** Defines the generator that `pinlake source create` runs. */
export function defineSource(definition: SourceDefinition): SourceDefinition {
  return definition;
}
