export interface Sized {
  readonly size: number;
}

/**
 * Which files to join: each group becomes one file of about `targetBytes`. Files that are near the target already stay.
 * With `growth` a file joins only if the smaller ones of its group have at least 1/growth of its bytes together, so
 * that a byte is written a logarithmic number of times while a table grows in small steps.
 */
export function planCompaction<F extends Sized>(
  files: readonly F[],
  { targetBytes, growth = Number.POSITIVE_INFINITY }: { readonly targetBytes: number; readonly growth?: number },
): F[][] {
  const groups: F[][] = [];
  let group: F[] = [];
  let bytes = 0;
  const close = () => {
    if (group.length > 1) groups.push(group);
    group = [];
    bytes = 0;
  };
  for (const file of files.filter(({ size }) => size < 0.75 * targetBytes).toSorted((a, b) => a.size - b.size)) {
    if (group.length > 0 && (bytes + file.size > targetBytes || file.size > growth * bytes)) close();
    group.push(file);
    bytes += file.size;
  }
  close();
  return groups;
}
