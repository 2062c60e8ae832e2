import fc from "fast-check";
import type { Event } from "./table-rows.ts";

/** Everything that changes a table, with few keys so that they meet. */
export type Operation =
  | { readonly kind: "append" | "overwrite"; readonly rows: readonly Event[] }
  | { readonly kind: "merge"; readonly rows: readonly Event[]; readonly newerOnly: boolean }
  | { readonly kind: "replaceWhere"; readonly rows: readonly Event[]; readonly below: number }
  | { readonly kind: "delete" | "update"; readonly above: number }
  | { readonly kind: "mergeInto"; readonly rows: readonly Event[]; readonly alsoOthers: boolean }
  | { readonly kind: "restore"; readonly back: number }
  | { readonly kind: "optimize"; readonly order: object }
  | { readonly kind: "vacuum"; readonly mode: "full" | "lite" }
  | { readonly kind: "checkpoint" | "reopen" | "touch" };

const event: fc.Arbitrary<Event> = fc.record({
  id: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("a", "b", "c", "ü", "it's") },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  seq: fc.integer({ min: 0, max: 9 }),
});
const rows = fc.array(event, { maxLength: 5 });
const ids = fc.uniqueArray(event, { maxLength: 5, selector: ({ id, seq }) => id ?? `null ${seq}` });
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), rows }),
  fc.record({ kind: fc.constant("overwrite" as const), rows }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("merge" as const),
      rows: ids,
      newerOnly: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant("replaceWhere" as const), rows, below: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ kind: fc.constantFrom("delete", "update"), above: fc.integer({ min: 0, max: 9 }) }),
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("mergeInto" as const), rows: ids, alsoOthers: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restore" as const), back: fc.integer({ min: 0, max: 5 }) }) },
  fc.record({
    kind: fc.constant("optimize" as const),
    order: fc.constantFrom({}, { sortBy: ["seq", "id"] }, { zOrderBy: ["id", "seq"], targetRows: 2 }),
  }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("vacuum" as const), mode: fc.constantFrom("full", "lite") }) },
  fc.record({ kind: fc.constantFrom("checkpoint", "reopen", "touch") }),
);

/** Those that may come in the place of the rows that the condition is true of. */
export const fitting = ({ rows, below }: { readonly rows: readonly Event[]; readonly below: number }) =>
  rows.filter(({ seq }) => seq < below);

/** What each operation means, on a plain list of rows. */
export function applyTo(stored: readonly Event[], op: Operation): readonly Event[] {
  switch (op.kind) {
    case "append":
      return [...stored, ...op.rows];
    case "overwrite":
      return op.rows;
    case "replaceWhere":
      return [...stored.filter(({ seq }) => seq >= op.below), ...fitting(op)];
    case "delete":
      return stored.filter(({ seq }) => seq <= op.above);
    case "update":
      return stored.map((row) => (row.seq > op.above ? { ...row, seq: row.seq - 1 } : row));
    case "mergeInto": {
      const meet = (one: Event, other: Event) => one.id !== null && one.id === other.id;
      const changed = stored.flatMap((row): Event[] => {
        const source = op.rows.find((other) => meet(row, other));
        if (source === undefined) return op.alsoOthers ? unmet(row) : [row];
        if (source.seq === 0) return [];
        return [source.seq > row.seq ? source : row];
      });
      const added = op.rows.filter((row) => row.seq < 8 && !stored.some((other) => meet(row, other)));
      return [...changed, ...added];
    }
    case "merge": {
      const takes = (row: Event) =>
        !op.newerOnly || stored.every(({ id, seq }) => id === null || id !== row.id || row.seq > seq);
      const winners = op.rows.filter(takes);
      const keys = new Set(winners.flatMap(({ id }) => (id === null ? [] : [id])));
      return [...stored.filter(({ id }) => id === null || !keys.has(id)), ...winners];
    }
    default:
      return stored;
  }
}

const unmet = (row: Event): Event[] => {
  if (row.seq === 9) return [];
  return [row.seq === 8 ? { ...row, seq: 7 } : row];
};

/** The clauses that mean what the model does. */
export const CLAUSES = {
  on: "source.id = target.id",
  whenMatched: [
    { when: "source.seq = 0", delete: true },
    { when: "source.seq > target.seq", update: "all" },
  ],
  whenNotMatched: [{ when: "source.seq < 8", insert: "all" }],
} as const;
export const OTHERS = {
  whenNotMatchedBySource: [
    { when: "target.seq = 9", delete: true },
    { when: "target.seq = 8", update: { seq: "target.seq - 1" } },
  ],
} as const;

export const shown = (list: readonly Event[]): string[] => list.map(({ id, seq }) => `${id}@${seq}`).sort();

/** What tables may be that change how rows are stored, not which. */
export interface Storage {
  readonly partitionColumns: readonly string[];
  readonly mapping: "none" | "name" | "id";
  readonly marksRows: boolean;
  readonly keepsChanges: boolean;
}

export const storage: fc.Arbitrary<Storage> = fc.record({
  partitionColumns: fc.constantFrom([], ["id"], ["seq"], ["id", "seq"]),
  mapping: fc.constantFrom("none", "name", "id"),
  marksRows: fc.boolean(),
  keepsChanges: fc.boolean(),
});

/** What to create such a table with. */
export const definitionOf = ({ partitionColumns, mapping, marksRows, keepsChanges }: Storage) => ({
  partitionColumns,
  configuration: {
    ...(mapping === "none" ? {} : { "delta.columnMapping.mode": mapping }),
    ...(marksRows ? { "delta.enableDeletionVectors": "true" } : {}),
    ...(keepsChanges ? { "delta.enableChangeDataFeed": "true" } : {}),
  },
});
