/** What a row is here; `id` is its key. */
export interface Row {
  readonly id: string;
  readonly seq: number;
}

/** One commit that a writer is to make. */
export type Step =
  | { readonly kind: "append" | "merge"; readonly rows: readonly Row[] }
  | { readonly kind: "delete"; readonly seq: number }
  | { readonly kind: "optimize" };

/** Few keys and few numbers are shared by all writers, so that steps meet. */
const SHARED = 5;
const NUMBERS = 12;

export function drawSteps(writer: string, count: number, random: () => number): Step[] {
  const below = (limit: number) => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, n): Step => {
    const own = { id: `${writer}-${n}`, seq: below(NUMBERS) };
    const kind = below(10);
    if (kind < 4) return { kind: "append", rows: [own, { id: `${writer}-${n}-more`, seq: below(NUMBERS) }] };
    if (kind < 7) return { kind: "merge", rows: [own, { id: `shared-${below(SHARED)}`, seq: below(NUMBERS) }] };
    return kind < 9 ? { kind: "delete", seq: below(NUMBERS) } : { kind: "optimize" };
  });
}

/** What the step makes of these rows when nobody else is there. */
export function applyStep(rows: readonly Row[], step: Step): readonly Row[] {
  switch (step.kind) {
    case "append":
      return [...rows, ...step.rows];
    case "merge": {
      const keys = new Set(step.rows.map(({ id }) => id));
      return [...rows.filter(({ id }) => !keys.has(id)), ...step.rows];
    }
    case "delete":
      return rows.filter(({ seq }) => seq !== step.seq);
    case "optimize":
      return rows;
  }
}

export const shown = (rows: readonly Row[]): string[] => rows.map(({ id, seq }) => `${id}@${seq}`).sort();

/** What has come (`+`) and gone (`-`) from one to the other. */
export function difference(before: readonly Row[], after: readonly Row[]): string[] {
  const counts = new Map<string, number>();
  for (const text of shown(before)) counts.set(text, (counts.get(text) ?? 0) - 1);
  for (const text of shown(after)) counts.set(text, (counts.get(text) ?? 0) + 1);
  const changed = [...counts].filter(([, count]) => count !== 0);
  return changed.map(([text, count]) => `${count > 0 ? "+" : "-"}${text} ${Math.abs(count)}`).sort();
}
