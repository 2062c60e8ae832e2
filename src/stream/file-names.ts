import { chunkedUint32 } from "./chunked-uint32.ts";

/**
 * Numbers for a table's files, so that rows remember a number. When a file is rewritten or joined with others its
 * rows keep their numbers: each leads to the file that holds them now, in nearly constant time (union-find).
 */
export interface FileNames {
  numberOf(path: string): number;
  pathOf(number: number): string;
  moved(path: string, to: string): void;
}

export function fileNames(): FileNames {
  const numbers = new Map<string, number>();
  const paths = new Map<number, string>();
  /** parent + 1; 0 for one that stands for itself. */
  const parents = chunkedUint32();
  let next = 0;

  const rootOf = (number: number): number => {
    let root = number;
    for (let parent = parents.get(root); parent !== 0; parent = parents.get(root)) root = parent - 1;
    for (let at = number; at !== root; ) {
      const parent = parents.get(at) - 1;
      parents.set(at, root + 1);
      at = parent;
    }
    return root;
  };

  const numberOf = (path: string): number => {
    const known = numbers.get(path);
    if (known !== undefined) return known;
    const number = next++;
    numbers.set(path, number);
    paths.set(number, path);
    return number;
  };

  return {
    numberOf,
    pathOf: (number) => paths.get(rootOf(number)) as string,
    moved(path, to) {
      const from = numbers.get(path);
      if (from === undefined || path === to) return;
      numbers.delete(path);
      paths.delete(from);
      const target = numbers.get(to);
      if (target === undefined) {
        numbers.set(to, from);
        paths.set(from, to);
      } else parents.set(from, target + 1);
    },
  };
}
