/** Numbers for a table's files, so that rows remember a number. */
export interface FileNames {
  numberOf(path: string): number;
  pathOf(number: number): string;
  /** For a file that no row lies in any more: its number is not given again. */
  forget(path: string): void;
}

export function fileNames(): FileNames {
  const numbers = new Map<string, number>();
  const paths = new Map<number, string>();
  let next = 0;
  return {
    numberOf(path) {
      const known = numbers.get(path);
      if (known !== undefined) return known;
      const number = next++;
      numbers.set(path, number);
      paths.set(number, path);
      return number;
    },
    pathOf: (number) => paths.get(number) as string,
    forget(path) {
      const number = numbers.get(path);
      if (number === undefined) return;
      numbers.delete(path);
      paths.delete(number);
    },
  };
}
