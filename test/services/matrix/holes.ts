import type { Feature } from "./features.ts";
import type { Operation } from "./operations.ts";

export const WRITERS = ["we", "Spark", "delta-rs"] as const;
export type Writer = (typeof WRITERS)[number];
export const READERS = [...WRITERS, "DuckDB"] as const;
export type Reader = (typeof READERS)[number];

/** What is not proved, and why. */
export interface Hole {
  readonly who: Reader;
  readonly does: "write" | "go on" | "read";
  /** Missing: all. */
  readonly operations?: readonly string[];
  readonly features?: readonly string[];
  readonly why: string;
  /** What it says against the attempt: the hole is there for as long as it does. Missing: there is no way to try it. */
  readonly says?: RegExp;
}

/** Of our going on with tables by others, and of our own: what we do not write, by what the refusal says. */
const NOT_WRITTEN: Readonly<Record<string, RegExp>> = {
  "row tracking": /rowTracking/,
  clustering: /clustering/,
  "generated columns": /delta\.generationExpression/,
  "identity columns": /delta\.identity/,
  "column defaults": /allowColumnDefaults/,
  variants: /type variant/,
  "Iceberg's reading (UniForm)": /icebergCompatV2/,
};

const REMOVING = [
  "overwrite",
  "overwrite where",
  "merge",
  "merge with clauses",
  "update",
  "delete",
  "delete whole files",
  "replace",
  "delete, vacuum",
  "overwrite, restore",
  "a file is lost, repair",
  "checkpoint",
];
const appendOnly = (who: Writer, says: RegExp): Hole => ({
  who,
  does: "write",
  operations: who === "we" ? REMOVING : REMOVING.filter((name) => name !== "a file is lost, repair"),
  features: ["append only"],
  why: "Rows of such a table are not removed: it is tried, and refused.",
  says,
});

export const HOLES: readonly Hole[] = [
  ...Object.entries(NOT_WRITTEN).flatMap(([feature, says]): Hole[] => [
    {
      who: "we",
      does: "go on",
      features: [feature],
      says,
      why: "We do not write tables with this: it is refused by name.",
    },
    { who: "we", does: "write", features: [feature], why: "We do not write tables with this: it is refused by name." },
  ]),
  { who: "we", does: "read", features: ["variants"], says: /type variant/, why: "Our engine has no such type." },
  appendOnly("we", /appendOnly/),
  appendOnly("Spark", /APPEND_ONLY/),
  appendOnly("delta-rs", /append-only/),
  ...(["Spark", "delta-rs"] as const).map(
    (who): Hole => ({
      who,
      does: "go on",
      features: ["append only"],
      says: who === "Spark" ? /APPEND_ONLY/ : /append-only/,
      why: "Rows of such a table are not removed: it is tried, and refused.",
    }),
  ),
  {
    who: "Spark",
    does: "write",
    operations: ["replace", "optimize sorted", "a file is lost, repair"],
    why: "Spark has no such operation.",
  },
  {
    who: "delta-rs",
    does: "write",
    operations: ["replace", "optimize sorted", "unset properties"],
    why: "delta-rs has no such operation.",
  },
  {
    who: "delta-rs",
    does: "write",
    operations: ["optimize", "optimize by Z-order", "add a column"],
    features: ["columns mapped by name", "columns mapped by id"],
    says: /Column mapping is not supported for write operation/,
    why: "delta-rs refuses that for tables with mapped columns.",
  },
  {
    who: "delta-rs",
    does: "write",
    features: [
      "in-commit timestamps",
      "type widening",
      "v2 checkpoints",
      "row tracking",
      "clustering",
      "generated columns",
      "identity columns",
      "column defaults",
      "variants",
      "Iceberg's reading (UniForm)",
    ],
    why: "delta-rs makes no such tables.",
  },
  {
    who: "Spark",
    does: "write",
    operations: ["optimize by Z-order"],
    features: ["clustering"],
    says: /DELTA_CLUSTERING_WITH_ZORDER_BY/,
    why: "A clustered table has an order of its own.",
  },
  {
    who: "delta-rs",
    does: "go on",
    features: ["in-commit timestamps"],
    says: /InCommitTimestamp/,
    why: "delta-rs writes no tables with this.",
  },
  {
    who: "delta-rs",
    does: "go on",
    features: ["type widening"],
    says: /TypeWidening/,
    why: "delta-rs writes no tables with this.",
  },
  {
    who: "delta-rs",
    does: "read",
    features: ["type widening"],
    says: /TypeWidening/,
    why: "delta-rs reads no tables with this.",
  },
  {
    who: "DuckDB",
    does: "read",
    features: ["deletion vectors"],
    says: /knows no deletion vectors/,
    why: "It reads the files that are named, and knows no deletion vectors.",
  },
];

/** The hole, if it is one, of what somebody does with a table that has that feature, by or after that operation. */
export function holeOf(
  who: Reader,
  does: Hole["does"],
  operation: Pick<Operation, "name">,
  feature: Feature,
): Hole | undefined {
  return HOLES.find(
    (hole) =>
      hole.who === who &&
      hole.does === does &&
      (hole.operations?.includes(operation.name) ?? true) &&
      (hole.features?.includes(feature.name) ?? true),
  );
}

/** Whether the writer has been told how to do this to such a table. */
export function isDefined(writer: Writer, operation: Operation, feature: Feature): boolean {
  const key = ({ we: "ours", Spark: "spark", "delta-rs": "deltaRs" } as const)[writer];
  return operation[key] !== undefined && feature[key] !== undefined;
}

export const isTried = (operation: Operation, feature: Feature): boolean =>
  feature.operations?.includes(operation.name) ?? true;
