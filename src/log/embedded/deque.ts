/** First in, first out, at constant cost also when long (an array's `shift` moves what is left). */
export interface Deque<T> {
  readonly length: number;
  push(item: T): void;
  shift(): T | undefined;
  /** 0 is the oldest. */
  at(index: number): T | undefined;
}

export function deque<T>(): Deque<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    push: (item) => void items.push(item),
    shift() {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head++] = undefined;
      if (head >= 1024 && head * 2 >= items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    at: (index) => items[head + index],
  };
}
