export interface Sized {
  readonly size: number;
  readonly rows?: number | undefined;
}

export interface CompactionLimits {
  readonly targetBytes: number;
  /** Files are not made larger than that either; one whose rows nobody knows is left alone then. */
  readonly targetRows?: number | undefined;
  readonly growth?: number | undefined;
}

/**
 * Which files to join: each group becomes one file of about `targetBytes`. Files that are near the target already stay.
 * With `growth` a file joins only if the smaller ones of its group have at least 1/growth of its bytes together, so
 * that a byte is written a logarithmic number of times while a table grows in small steps.
 */
export function planCompaction<F extends Sized>(
  files: readonly F[],
  { targetBytes, targetRows, growth = Number.POSITIVE_INFINITY }: CompactionLimits,
): F[][] {
  const rowsOf = ({ rows = Number.POSITIVE_INFINITY }: F) => (targetRows === undefined ? 0 : rows);
  const mostRows = targetRows ?? Number.POSITIVE_INFINITY;
  const groups: F[][] = [];
  let group: F[] = [];
  let [bytes, rows] = [0, 0];
  const close = () => {
    if (group.length > 1) groups.push(group);
    group = [];
    [bytes, rows] = [0, 0];
  };
  const small = files.filter((file) => file.size < 0.75 * targetBytes && rowsOf(file) < 0.75 * mostRows);
  for (const file of small.toSorted((a, b) => a.size - b.size)) {
    const full = bytes + file.size > targetBytes || rows + rowsOf(file) > mostRows;
    if (group.length > 0 && (full || file.size > growth * bytes)) close();
    group.push(file);
    bytes += file.size;
    rows += rowsOf(file);
  }
  close();
  return groups;
}

/** In order, each group of at most `bytes` together, or a single one that has more. */
export function inGroups<T>(items: readonly T[], bytesOf: (item: T) => number, bytes: number): T[][] {
  const groups: T[][] = [];
  let held = 0;
  for (const item of items) {
    const group = groups.at(-1);
    held += bytesOf(item);
    if (group !== undefined && held <= bytes) group.push(item);
    else {
      groups.push([item]);
      held = bytesOf(item);
    }
  }
  return groups;
}
